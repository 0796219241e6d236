import { eventText } from "./delivery/event-text.ts";
import type { TestInput } from "./delivery/event-types.ts";
import { type CallOptions, onePath, type Transport } from "./http.ts";
import { dateMs } from "./options.ts";
import { type LinkedPage, type ListOptions, linkedPage, linkedPages, type PageOptions } from "./paging.ts";
import type { EndpointCounts, EndpointFilter } from "./statistics.ts";
import type {
  CreatedEndpoint,
  Endpoint,
  EndpointInput,
  EndpointPatch,
  EndpointTestResult,
  RotatedSecret,
  RotateSecretInput,
} from "./types.ts";

const PATH = "/v1/endpoints";
const one = (id: string): string => onePath(PATH, id);

function queryOf({ state, q, eventType }: EndpointFilter = {}) {
  return { state, q, event_type: eventType };
}

/** The URLs that receive deliveries. The methods accept ids as `ep_…`, `webhook_…` or `wh_…`. */
export class Endpoints {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Register an endpoint. Store the `secret` in the response, which is not shown again. */
  async create(input: EndpointInput, options?: CallOptions): Promise<CreatedEndpoint> {
    return (await this.#post<CreatedEndpoint>(PATH, input, options)).body;
  }

  /** All endpoints in order of creation. Further pages are fetched as you iterate. */
  async *list(options?: ListOptions & EndpointFilter): AsyncGenerator<Endpoint, void, undefined> {
    yield* linkedPages<Endpoint>(this.#transport, PATH, options, queryOf(options));
  }

  /** One page of endpoints in order of creation. With a filter, it can be short although there are more. */
  page(options: PageOptions & EndpointFilter = {}): Promise<LinkedPage<Endpoint>> {
    return linkedPage<Endpoint>(this.#transport, PATH, options, queryOf(options));
  }

  /** How many endpoints are in each state. */
  async count(options?: CallOptions): Promise<EndpointCounts> {
    const call = { method: "GET", path: `${PATH}/counts`, signal: options?.signal } as const;
    return (await this.#transport.call<EndpointCounts>(call)).body;
  }

  async get(id: string, options?: CallOptions): Promise<Endpoint> {
    return (await this.#transport.call<Endpoint>({ method: "GET", path: one(id), signal: options?.signal })).body;
  }

  /** Change settings, pause (`PAUSED`) or resume (`ACTIVE`) an endpoint. Either all changes apply or none. */
  async update(id: string, patch: EndpointPatch, options?: CallOptions): Promise<Endpoint> {
    const body = JSON.stringify(patch);
    return (await this.#transport.call<Endpoint>({ method: "PATCH", path: one(id), body, signal: options?.signal }))
      .body;
  }

  /** Delete an endpoint. Its deliveries that have not ended are cancelled. */
  async delete(id: string, options?: CallOptions): Promise<void> {
    await this.#transport.call({ method: "DELETE", path: one(id), signal: options?.signal });
  }

  /** Change the secret. During the overlap (`overlap_seconds`), deliveries carry both signatures. */
  async rotateSecret(id: string, input: RotateSecretInput = {}, options?: CallOptions): Promise<RotatedSecret> {
    return (await this.#post<RotatedSecret>(`${one(id)}/rotate-secret`, input, options)).body;
  }

  /**
   * Send a test immediately, regardless of the endpoint's status, and wait for the receiver's response. Without an
   * `input`, the event is `test`. A `payload` that is text is sent byte for byte.
   */
  async test(id: string, options?: CallOptions & { readonly input?: TestInput }): Promise<EndpointTestResult> {
    const input = options?.input ?? {};
    const payload = "payload" in input ? input.payload : undefined;
    const body = payload === undefined ? JSON.stringify(input) : eventText({ ...input, payload });
    const call = { method: "POST", path: `${one(id)}/test`, body, signal: options?.signal } as const;
    return (await this.#transport.call<EndpointTestResult>(call)).body;
  }

  /**
   * Send deliveries again that FAILED or EXPIRED since a time, and events that were not delivered while the endpoint
   * was DISABLED. The job runs in the background; follow it with `jobs.get`.
   */
  async recover(
    id: string,
    input: { readonly since: string | Date },
    options?: CallOptions,
  ): Promise<{ job_id: string }> {
    const since = typeof input.since === "string" ? input.since : new Date(dateMs("since", input.since)).toISOString();
    return (await this.#post<{ job_id: string }>(`${one(id)}/recover`, { since }, options)).body;
  }

  #post<Body>(path: string, input: object, options: CallOptions | undefined) {
    return this.#transport.call<Body>({ method: "POST", path, body: JSON.stringify(input), signal: options?.signal });
  }
}
