import { type CallOptions, onePath, type Transport } from "../http.ts";
import { advanced } from "../paging.ts";
import type { BatchEventInput, BatchResult, Event, EventInput, PublishedEvent } from "../types.ts";
import { eventText } from "./event-text.ts";
import type {
  EventFilter,
  EventPage,
  EventSummary,
  EventTypePage,
  Explanation,
  Fact,
  Supposition,
  SuppositionInput,
} from "./event-types.ts";

/** Events that you publish. */
export class Events {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Publish an event. When the call returns, the event and all its deliveries are on disk.
   *
   * With an `idempotencyKey`, the call is safe to repeat for 72 hours. The client repeats it after network errors, and
   * so can you. A repeat returns the first response with `created: false`. Without a key, a lost response is an error,
   * and you do not know whether the event was published.
   */
  async publish(
    event: EventInput,
    options?: CallOptions & { readonly idempotencyKey?: string | undefined },
  ): Promise<PublishedEvent> {
    const { signal, idempotencyKey } = options ?? {};
    const body = eventText(event);
    const call = { method: "POST", path: "/v1/events", body, idempotencyKey, signal } as const;
    return (await this.#transport.call<PublishedEvent>(call)).body;
  }

  /**
   * Publish up to 1000 events. The result has one entry for each event, in order. An invalid event does not reject the
   * others; its entry has an `error`.
   *
   * A batch is retried after a network error only if each of its events has an `idempotency_key`.
   */
  async publishBatch(events: readonly BatchEventInput[], options?: CallOptions): Promise<readonly BatchResult[]> {
    const body = `{"events":[${events.map(eventText).join(",")}]}`;
    const repeatable = events.every((event) => hasKey(event.idempotency_key));
    const call = { method: "POST", path: "/v1/events/batch", body, repeatable, signal: options?.signal } as const;
    return (await this.#transport.call<{ results: BatchResult[] }>(call)).body.results;
  }

  /** An event, its deliveries, and the endpoints that did not get it with the reasons. */
  async get(id: string, options?: CallOptions): Promise<Event> {
    const path = onePath("/v1/events", id);
    return (await this.#transport.call<Event>({ method: "GET", path, signal: options?.signal })).body;
  }

  /** An event's payload as JSON text, byte for byte as it was published. `get` parses it, which may change numbers. */
  async getPayload(id: string, options?: CallOptions): Promise<string> {
    const path = `${onePath("/v1/events", id)}/payload`;
    return (await this.#transport.call<unknown>({ method: "GET", path, signal: options?.signal })).text;
  }

  /** One page of events, newest first, without their payloads. */
  async list(
    filter: EventFilter & { readonly cursor?: string | undefined } = {},
    options?: CallOptions,
  ): Promise<EventPage> {
    const call = { method: "GET", path: "/v1/events", query: { ...filter }, signal: options?.signal } as const;
    return (await this.#transport.call<EventPage>(call)).body;
  }

  /** All events, newest first. Further pages are fetched as you iterate. */
  async *iterate(filter: EventFilter = {}, options?: CallOptions): AsyncGenerator<EventSummary, void, undefined> {
    let cursor: string | undefined;
    do {
      const page = await this.list(cursor === undefined ? filter : { ...filter, cursor }, options);
      yield* page.results;
      cursor = advanced(cursor, page.has_more ? (page.next_cursor ?? undefined) : undefined);
    } while (cursor !== undefined);
  }

  /** One page of the types of the retained events, by name. `search` is the beginning of the name. */
  async listTypes(
    filter: {
      readonly search?: string | undefined;
      readonly limit?: number;
      readonly cursor?: string | undefined;
    } = {},
    options?: CallOptions,
  ): Promise<EventTypePage> {
    const call = { method: "GET", path: "/v1/event-types", query: { ...filter }, signal: options?.signal } as const;
    return (await this.#transport.call<EventTypePage>(call)).body;
  }

  /** Explain who got an event and who did not; with `endpoint_id`, only that endpoint. */
  async explain(
    id: string,
    filter: { readonly endpoint_id?: string | undefined } = {},
    options?: CallOptions,
  ): Promise<readonly Fact[]> {
    const path = `${onePath("/v1/events", id)}/explain`;
    const call = { method: "GET", path, query: { ...filter }, signal: options?.signal } as const;
    return (await this.#transport.call<Explanation>(call)).body.facts;
  }

  /** Explain who would get an event, and what a filter would have changed in the last day. Publishes nothing. */
  async suppose(input: SuppositionInput, options?: CallOptions): Promise<Supposition> {
    const body = JSON.stringify(input);
    const call = { method: "POST", path: "/v1/explain", body, repeatable: true, signal: options?.signal } as const;
    return (await this.#transport.call<Supposition>(call)).body;
  }
}

/** Whether the event has a key. Null and "" are not keys here; the server decides whether they are errors. */
function hasKey(key: unknown): boolean {
  return typeof key === "string" && key !== "";
}
