/** What the pause-status webhook received. */
import { type CallOptions, onePath, type Transport } from "../http.ts";
import type { JsonObject } from "../types.ts";
import type { RawBody, RejectionReason } from "./inbound.ts";

/** What a pause status changed. */
export type TransitionDirection = "PAUSE_ACTIVATED" | "PAUSE_DEACTIVATED" | "NONE";

/** A received request, as lists show it. */
export interface PauseStatusRecord {
  /** `wh_…`. */
  readonly id: string;
  readonly source: string | null;
  readonly event_type: string | null;
  readonly old_status: string | null;
  readonly new_status: string | null;
  readonly peer_mentor_id: string | null;
  /** Null for a request that is not verified. */
  readonly transition_direction: TransitionDirection | null;
  readonly payload_valid: boolean;
  readonly received_at: string;
  readonly processed_at: string | null;
  readonly rejection_reason: RejectionReason | null;
  /** What was wrong, by how much, and what to try. */
  readonly explanation: string | null;
  readonly notes: string | null;
  readonly reprocessed_at: string | null;
}

export interface PauseStatusRecordDetails extends PauseStatusRecord {
  /** The body without `source`, `event_type` and `signature`. Null if the body is not a JSON object. */
  readonly raw_payload: JsonObject | null;
  readonly raw_body: RawBody | null;
  /** The events that were published from the request, oldest first. */
  readonly event_ids: readonly string[];
}

/** All conditions must hold. */
export interface PauseStatusFilter {
  readonly source?: string;
  readonly event_type?: string;
  readonly transition_direction?: TransitionDirection;
  readonly payload_valid?: boolean;
  /** A time, or a day in UTC. */
  readonly from?: string;
  readonly to?: string;
  readonly page?: number;
  readonly limit?: number;
}

export interface PauseStatusPage {
  readonly data: readonly PauseStatusRecord[];
  readonly pagination: { readonly page: number; readonly limit: number; readonly total: number };
}

export interface ReprocessedPauseStatus {
  readonly id: string;
  readonly status: "reprocessed";
  readonly reprocess_requested: true;
  readonly reprocessed_at: string;
}

const RECORDS = "/api/v1/webhooks/pause-status";
const one = (id: string): string => onePath(RECORDS, id);

/** What the pause-status webhook received. The methods need the role `org_admin`. */
export class PauseStatusRecords {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** One page, newest first, including refused requests. */
  async list(filter: PauseStatusFilter = {}, options?: CallOptions): Promise<PauseStatusPage> {
    const call = { method: "GET", path: RECORDS, query: { ...filter }, signal: options?.signal } as const;
    return (await this.#transport.call<PauseStatusPage>(call)).body;
  }

  async get(id: string, options?: CallOptions): Promise<PauseStatusRecordDetails> {
    const call = { method: "GET", path: one(id), signal: options?.signal } as const;
    return (await this.#transport.call<PauseStatusRecordDetails>(call)).body;
  }

  /** Replace the notes of a record. Null deletes them. */
  note(id: string, notes: string | null, options?: CallOptions): Promise<PauseStatusRecordDetails> {
    return this.#put(id, { notes }, true, options);
  }

  /**
   * Publish a new event from a record. A refused request is verified again with the current secrets: 409
   * `VERIFICATION_FAILED`. After a network error you do not know whether the event was published.
   */
  reprocess(
    id: string,
    input: { readonly notes?: string | null } = {},
    options?: CallOptions,
  ): Promise<ReprocessedPauseStatus> {
    return this.#put(id, { ...input, reprocess: true }, false, options);
  }

  /** Delete a record. It needs the role `global_admin`. */
  async delete(id: string, options?: CallOptions): Promise<void> {
    await this.#transport.call({ method: "DELETE", path: one(id), signal: options?.signal });
  }

  async #put<Body>(id: string, input: object, repeatable: boolean, options: CallOptions | undefined): Promise<Body> {
    const body = JSON.stringify(input);
    const call = { method: "PUT", path: one(id), body, repeatable, signal: options?.signal } as const;
    return (await this.#transport.call<Body>(call)).body;
  }
}
