import { type Call, type CallOptions, onePath, type Transport } from "../http.ts";
import { type LinkedPage, type ListOptions, linkedPage, linkedPages, type PageOptions } from "../paging.ts";

export type SourceScheme =
  | "github"
  | "stripe"
  | "slack"
  | "shopify"
  | "twilio"
  | "standard-webhooks"
  | "pausepoint"
  | "pacspace"
  | "hmac"
  | "jcs"
  | "basic"
  | "none";

/** Why a request was refused. */
export type RejectionReason =
  | "header_missing"
  | "header_malformed"
  | "timestamp_malformed"
  | "timestamp_too_old"
  | "timestamp_in_future"
  | "signature_missing"
  | "signature_malformed"
  | "signature_mismatch"
  | "body_unreadable"
  | "credentials_mismatch"
  | "source_unknown"
  | "source_unusable"
  | "fields_invalid"
  | "loop_detected";

/** Where a value of a request is: in a header, or at a JSON pointer (RFC 6901) in the body. */
export interface ValueLocation {
  readonly header?: string | null;
  readonly pointer?: string | null;
}

/** The options of the scheme `hmac`. */
export interface HmacSettings {
  readonly header: string;
  readonly algorithm?: "sha1" | "sha256" | "sha512";
  readonly encoding?: "hex" | "base64";
  readonly prefix?: string;
  readonly timestamp_header?: string | null;
  readonly tolerance_seconds?: number;
  readonly template?: string;
  readonly delivery_id?: ValueLocation | null;
}

/** The settings of a source. */
export interface SourcePatch {
  readonly name?: string;
  /** Only the present one: the scheme of a source does not change. */
  readonly scheme?: SourceScheme;
  readonly secret?: string;
  readonly event_type?: ValueLocation & { readonly prefix?: string; readonly fallback?: string | null };
  readonly hmac?: HmacSettings | null;
  readonly basic?: { readonly username: string } | null;
}

export interface SourceInput extends SourcePatch {
  readonly name: string;
  readonly scheme: SourceScheme;
}

/** A sender of webhooks, and how the server verifies them. */
export interface Source {
  /** `src_…`. */
  readonly id: string;
  readonly name: string;
  readonly scheme: SourceScheme;
  /** The URL that the source sends its webhooks to. */
  readonly url: string;
  readonly pause_status_url: string | null;
  readonly event_type: Required<ValueLocation> & { readonly prefix: string; readonly fallback: string | null };
  readonly hmac: (Required<HmacSettings> & { readonly delivery_id: Required<ValueLocation> | null }) | null;
  readonly basic: { readonly username: string } | null;
  readonly previous_expires_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** What to try on the rejected requests of a source. */
export interface SourceTrial {
  readonly secret?: string;
  readonly hmac?: HmacSettings;
  /** One rejected request, `wh_…`. Default: all that are kept. */
  readonly event_id?: string;
}

export interface SourceTrialResult {
  readonly tried: number;
  readonly would_verify: number;
  readonly would_fail: readonly { readonly rejection_reason: RejectionReason; readonly count: number }[];
  /** With `event_id`: why the request would still fail. */
  readonly explanation: string | null;
  readonly more: boolean;
}

/** A received request, as the list of its source shows it. */
export interface SourceEvent {
  /** `wh_…`. */
  readonly id: string;
  readonly kind: "webhook" | "pause_status";
  readonly event_type: string | null;
  readonly valid: boolean;
  readonly rejection_reason: RejectionReason | null;
  /** What was wrong, by how much, and what to try. */
  readonly explanation: string | null;
  /** The IP address of the sender. */
  readonly address: string;
  readonly received_at: string;
  readonly processed_at: string | null;
  readonly reprocessed_at: string | null;
  readonly notes: string | null;
}

/** The source of a received request. */
interface OfSource {
  /** Null if no source is known. */
  readonly source_id: string | null;
  /** The name of the source, or the name that the sender gave. */
  readonly source: string | null;
}

/** A received request, as the list of all sources shows it. */
export interface InboundEvent extends SourceEvent, OfSource {}

/** The bytes of a request, as text if they are UTF-8. */
export interface RawBody {
  readonly encoding: "utf-8" | "base64";
  readonly content: string;
  /** The size of the complete body. */
  readonly bytes: number;
  /** Only the beginning of the body was kept. */
  readonly truncated: boolean;
}

export interface SourceEventDetails extends SourceEvent {
  /** The events that were published from the request, oldest first. */
  readonly event_ids: readonly string[];
  /** As the sender used it. */
  readonly url: string;
  /** Those that the server keeps. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RawBody;
}

export interface InboundEventDetails extends SourceEventDetails, OfSource {}

export interface ReprocessedInboundEvent {
  readonly id: string;
  readonly status: "reprocessed";
  /** Null if the request publishes none. */
  readonly event_id: string | null;
  readonly reprocessed_at: string;
}

/** All conditions must hold. */
export interface SourceEventFilter {
  readonly kind?: SourceEvent["kind"];
  readonly valid?: boolean;
  /** Only requests that were rejected for this reason. */
  readonly rejection_reason?: string;
  readonly event_type?: string;
  /** A time, or a day in UTC. */
  readonly from?: string;
  readonly to?: string;
  readonly page?: number;
  readonly limit?: number;
}

export interface InboundFilter extends SourceEventFilter {
  readonly source_id?: string;
}

/** One page of received requests, with the exact total. */
export interface InboundPage<Row = InboundEvent> {
  readonly data: readonly Row[];
  readonly pagination: { readonly page: number; readonly limit: number; readonly total: number };
}

/** How many rejected requests are kept, by source and reason. */
export interface RefusedCounts {
  readonly total: number;
  readonly counts: readonly {
    readonly source_id: string | null;
    readonly source: string | null;
    readonly rejection_reason: RejectionReason;
    readonly count: number;
    readonly last_received_at: string;
  }[];
}

const SOURCES = "/v1/sources";
const EVENTS = "/v1/inbound-events";
const eventsOf = (sourceId: string): string => `${onePath(SOURCES, sourceId)}/events`;

/** The senders of inbound webhooks. The methods need the role `org_admin`. */
export class Sources {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Register a source. Store the `secret` in the response, if the server generated one. */
  create(input: SourceInput, options?: CallOptions): Promise<Source & { readonly secret?: string }> {
    return this.#send("POST", SOURCES, input, options);
  }

  /** All sources in order of creation. Further pages are fetched as you iterate. */
  list(options?: ListOptions): AsyncGenerator<Source, void, undefined> {
    return linkedPages(this.#transport, SOURCES, options);
  }

  /** One page of sources in order of creation. */
  page(options: PageOptions = {}): Promise<LinkedPage<Source>> {
    return linkedPage<Source>(this.#transport, SOURCES, options);
  }

  get(id: string, options?: CallOptions): Promise<Source> {
    return this.#body({ method: "GET", path: onePath(SOURCES, id), signal: options?.signal });
  }

  update(id: string, patch: SourcePatch, options?: CallOptions): Promise<Source> {
    return this.#send("PATCH", onePath(SOURCES, id), patch, options);
  }

  async delete(id: string, options?: CallOptions): Promise<void> {
    await this.#body({ method: "DELETE", path: onePath(SOURCES, id), signal: options?.signal });
  }

  /** Replace the secret. The previous one is accepted for `overlap_seconds`. */
  rotateSecret(
    id: string,
    input: { readonly secret?: string; readonly overlap_seconds?: number } = {},
    options?: CallOptions,
  ): Promise<{ readonly secret?: string; readonly previous_expires_at: string }> {
    return this.#send("POST", `${onePath(SOURCES, id)}/rotate-secret`, input, options);
  }

  /** Verify rejected requests with another secret or other options. Nothing is saved. */
  try(id: string, trial: SourceTrial, options?: CallOptions): Promise<SourceTrialResult> {
    const body = JSON.stringify(trial);
    const path = `${onePath(SOURCES, id)}/try`;
    return this.#body({ method: "POST", path, body, repeatable: true, signal: options?.signal });
  }

  /** Verify all rejected requests again, with the current settings, and publish those that verify. */
  reprocess(
    id: string,
    options?: CallOptions,
  ): Promise<{ readonly reprocessed: number; readonly failed: number; readonly more: boolean }> {
    return this.#send("POST", `${onePath(SOURCES, id)}/reprocess`, undefined, options);
  }

  /** One page of what a source sent, newest first. `inboundEvents.list` has the same of all sources. */
  listEvents(id: string, filter: SourceEventFilter = {}, options?: CallOptions): Promise<InboundPage<SourceEvent>> {
    return this.#body({ method: "GET", path: eventsOf(id), query: { ...filter }, signal: options?.signal });
  }

  getEvent(id: string, eventId: string, options?: CallOptions): Promise<SourceEventDetails> {
    return this.#body({ method: "GET", path: onePath(eventsOf(id), eventId), signal: options?.signal });
  }

  /** Delete a record. It needs the role `global_admin`. */
  async deleteEvent(id: string, eventId: string, options?: CallOptions): Promise<void> {
    await this.#body({ method: "DELETE", path: onePath(eventsOf(id), eventId), signal: options?.signal });
  }

  #send<Body>(
    method: "POST" | "PATCH",
    path: string,
    input: object | undefined,
    options: CallOptions | undefined,
  ): Promise<Body> {
    const body = input === undefined ? undefined : JSON.stringify(input);
    return this.#body({ method, path, body, signal: options?.signal });
  }

  async #body<Body>(call: Call): Promise<Body> {
    return (await this.#transport.call<Body>(call)).body;
  }
}

/** What was received from all sources. The methods need the role `org_admin`. */
export class InboundEvents {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** One page, newest first. */
  async list(filter: InboundFilter = {}, options?: CallOptions): Promise<InboundPage> {
    const call = { method: "GET", path: EVENTS, query: { ...filter }, signal: options?.signal } as const;
    return (await this.#transport.call<InboundPage>(call)).body;
  }

  /** All of them, newest first. Further pages are fetched as you iterate. */
  async *iterate(filter: InboundFilter = {}, options?: CallOptions): AsyncGenerator<InboundEvent, void, undefined> {
    // What arrives meanwhile moves rows to the next page, which repeats them.
    let before = new Set<string>();
    for (let page = filter.page ?? 1; ; page++) {
      const { data, pagination } = await this.list({ ...filter, page }, options);
      yield* data.filter(({ id }) => !before.has(id));
      if (data.length < pagination.limit) return;
      before = new Set(data.map(({ id }) => id));
    }
  }

  /** Count the rejected requests that are kept, by source and reason. */
  async refused(filter: { readonly from?: string } = {}, options?: CallOptions): Promise<RefusedCounts> {
    const call = { method: "GET", path: `${EVENTS}/refused`, query: { ...filter }, signal: options?.signal } as const;
    return (await this.#transport.call<RefusedCounts>(call)).body;
  }

  async get(id: string, options?: CallOptions): Promise<InboundEventDetails> {
    const call = { method: "GET", path: onePath(EVENTS, id), signal: options?.signal } as const;
    return (await this.#transport.call<InboundEventDetails>(call)).body;
  }

  /** Process one record again. A refused request is verified with the current settings: 409 `VERIFICATION_FAILED`. */
  async reprocess(sourceId: string, id: string, options?: CallOptions): Promise<ReprocessedInboundEvent> {
    const path = `${onePath(eventsOf(sourceId), id)}/reprocess`;
    const call = { method: "POST", path, signal: options?.signal } as const;
    return (await this.#transport.call<ReprocessedInboundEvent>(call)).body;
  }

  /** Replace the notes of a record. Null deletes them. */
  async note(sourceId: string, id: string, notes: string | null, options?: CallOptions): Promise<SourceEventDetails> {
    const path = onePath(eventsOf(sourceId), id);
    const call = { method: "PATCH", path, body: JSON.stringify({ notes }), signal: options?.signal } as const;
    return (await this.#transport.call<SourceEventDetails>(call)).body;
  }

  /** Delete a record. It needs the role `global_admin`. */
  async delete(id: string, options?: CallOptions): Promise<void> {
    await this.#transport.call({ method: "DELETE", path: onePath(EVENTS, id), signal: options?.signal });
  }
}
