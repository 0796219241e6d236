import { type CallOptions, onePath, type Transport } from "../http.ts";
import { advanced } from "../paging.ts";
import type { CancelledDelivery, Delivery, DeliveryDetail, DeliveryFilter, DeliveryPage } from "../types.ts";
import type { AttemptDetails, Explanation, Fact } from "./event-types.ts";

const PATH = "/v1/deliveries";
const one = (id: string): string => onePath(PATH, id);

/** Deliveries of events to endpoints. */
export class Deliveries {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** One page of deliveries, newest first. */
  async list(filter: DeliveryFilter & { readonly cursor?: string } = {}, options?: CallOptions): Promise<DeliveryPage> {
    const call = { method: "GET", path: PATH, query: { ...filter }, signal: options?.signal } as const;
    return (await this.#transport.call<DeliveryPage>(call)).body;
  }

  /** All deliveries, newest first. Further pages are fetched as you iterate. */
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

  #post<Body>(path: string, options: CallOptions | undefined) {
    return this.#transport.call<Body>({ method: "POST", path, signal: options?.signal });
  }
}
