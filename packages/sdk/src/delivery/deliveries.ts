import { type CallOptions, onePath, type Transport } from "../http.ts";
import { advanced } from "../paging.ts";
import type { CancelledDelivery, Delivery, DeliveryDetail, ExportProgress } from "../types.ts";
import type {
  BulkCount,
  BulkInput,
  BulkStarted,
  DeliveryConditions,
  DeliveryFilter,
  DeliveryPage,
  ExportOptions,
} from "./bulk-types.ts";
import type { AttemptDetails, Explanation, Fact } from "./event-types.ts";

const PATH = "/v1/deliveries";
const one = (id: string): string => onePath(PATH, id);

/** Deliveries of events to endpoints. */
export class Deliveries {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** One page of deliveries, newest first by default. */
  async list(filter: DeliveryFilter & { readonly cursor?: string } = {}, options?: CallOptions): Promise<DeliveryPage> {
    const call = { method: "GET", path: PATH, query: { ...filter }, signal: options?.signal } as const;
    return (await this.#transport.call<DeliveryPage>(call)).body;
  }

  /** All deliveries, newest first by default. Further pages are fetched as you iterate. */
  async *iterate(filter: DeliveryFilter = {}, options?: CallOptions): AsyncGenerator<Delivery, void, undefined> {
    let cursor: string | undefined;
    do {
      const page = await this.list(cursor === undefined ? filter : { ...filter, cursor }, options);
      yield* page.results;
      cursor = advanced(cursor, page.has_more ? (page.next_cursor ?? undefined) : undefined);
    } while (cursor !== undefined);
  }

  /** A delivery with its attempts. */
  async get(id: string, options?: CallOptions): Promise<DeliveryDetail> {
    return (await this.#transport.call<DeliveryDetail>({ method: "GET", path: one(id), signal: options?.signal })).body;
  }

  /** Explain a delivery, from the acceptance of its event to what happens next. */
  async explain(id: string, options?: CallOptions): Promise<readonly Fact[]> {
    const call = { method: "GET", path: `${one(id)}/explain`, signal: options?.signal } as const;
    return (await this.#transport.call<Explanation>(call)).body.facts;
  }

  /**
   * What one attempt sent and got. With `signed: "now"`, the request has the present time, so that a receiver accepts
   * it.
   *
   * @param number counts from 1
   */
  async getAttempt(
    id: string,
    number: number,
    options?: CallOptions & { readonly signed?: "then" | "now" },
  ): Promise<AttemptDetails> {
    const path = `${one(id)}/attempts/${number}`;
    const call = { method: "GET", path, query: { signed: options?.signed }, signal: options?.signal } as const;
    return (await this.#transport.call<AttemptDetails>(call)).body;
  }

  /** Cancel a delivery: no further attempt is made. If it has ended, the error is 409 `INVALID_STATE`. */
  async cancel(id: string, options?: CallOptions): Promise<CancelledDelivery> {
    return (await this.#post<CancelledDelivery>(`${one(id)}/cancel`, options)).body;
  }

  /** Retry a delivery that is FAILED, EXPIRED or CANCELLED. Its schedule starts from the beginning. */
  async retry(id: string, options?: CallOptions): Promise<Delivery> {
    return (await this.#post<Delivery>(`${one(id)}/retry`, options)).body;
  }

  /** Count what `bulk` would change, with the endpoints and a sample. Pass its `as_of` to `bulk`. */
  async countBulk(input: BulkInput, options?: CallOptions): Promise<BulkCount> {
    const body = JSON.stringify({ ...bulkBody(input), dry_run: true });
    const call = { method: "POST", path: `${PATH}/bulk`, body, repeatable: true, signal: options?.signal } as const;
    return (await this.#transport.call<BulkCount>(call)).body;
  }

  /** Retry, replay or cancel all deliveries that match. The job runs in the background; follow it with `jobs.get`. */
  async bulk(input: BulkInput, options?: CallOptions): Promise<BulkStarted> {
    return (await this.#post<BulkStarted>(`${PATH}/bulk`, options, bulkBody(input))).body;
  }

  /**
   * Read all deliveries that match as a file, in the order of their creation. The pieces are UTF-8, and end anywhere. If
   * the server cannot complete the file, the error comes after the pieces that have arrived.
   */
  export(
    filter: DeliveryConditions = {},
    { format, progress, signal }: ExportOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { status: state, ...others } = filter;
    const query = { ...others, state, format, progress };
    return this.#transport.download({ method: "GET", path: "/dashboard/webhooks/deliveries/export", query, signal });
  }

  /**
   * How far an export of the delivery history is, which was started with this `progress`. The server forgets an export when
   * it restarts: then the error is 404 `EXPORT_NOT_FOUND`.
   */
  async getExport(token: string, options?: CallOptions): Promise<ExportProgress> {
    const call = { method: "GET", path: onePath("/v1/exports", token), signal: options?.signal } as const;
    return (await this.#transport.call<ExportProgress>(call)).body;
  }

  #post<Body>(path: string, options: CallOptions | undefined, body?: object) {
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    return this.#transport.call<Body>({ method: "POST", path, signal: options?.signal, ...json });
  }
}

/** A body has arrays where a query may have a single value. */
function bulkBody({ filter, ...input }: BulkInput): object {
  const { status, endpoint_id, ...others } = filter;
  return {
    ...input,
    filter: {
      ...others,
      ...(status !== undefined && { status: [status].flat() }),
      ...(endpoint_id !== undefined && { endpoint_id: [endpoint_id].flat() }),
    },
  };
}
