import { type CallOptions, onePath, type Transport } from "./http.ts";
import type { BatchEventInput, BatchResult, Event, EventInput, PublishedEvent } from "./types.ts";

/** What is published. */
export class Events {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Publish an event. When this returns it is on disk with all its deliveries.
   *
   * With an `idempotencyKey` it can be repeated safely: the client does so after a network error, and so may you, for
   * 72 hours; `created: false` then marks the first answer given again. Without one a lost answer is an error, and
   * whether the event was published is not known.
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
   * Publish up to 1000 events; one result each, in order. A bad one rejects none of the others: look for `error`.
   *
   * A batch is repeated after a network error only if each of its events has an `idempotency_key`.
   */
  async publishBatch(events: readonly BatchEventInput[], options?: CallOptions): Promise<readonly BatchResult[]> {
    const body = `{"events":[${events.map(eventText).join(",")}]}`;
    const repeatable = events.every((event) => hasKey(event.idempotency_key));
    const call = { method: "POST", path: "/v1/events/batch", body, repeatable, signal: options?.signal } as const;
    return (await this.#transport.call<{ results: BatchResult[] }>(call)).body.results;
  }

  /** An event, its deliveries, and why other endpoints did not get it. */
  async get(id: string, options?: CallOptions): Promise<Event> {
    const path = onePath("/v1/events", id);
    return (await this.#transport.call<Event>({ method: "GET", path, signal: options?.signal })).body;
  }
}

/** Of null and "" the server may make no key at all; what they are is for its answer to say. */
function hasKey(key: unknown): boolean {
  return typeof key === "string" && key !== "";
}

function eventText({ payload, ...fields }: BatchEventInput): string {
  const ahead = JSON.stringify(fields).slice(0, -1);
  return `${ahead}${ahead === "{" ? "" : ","}"payload":${payloadText(payload)}}`;
}

function payloadText(payload: object | string): string {
  if (typeof payload !== "string") return payloadJson(payload);
  JSON.parse(payload); // a text that is not one JSON value would spill into the fields around it
  return payload;
}

function payloadJson(payload: object): string {
  // In plain JavaScript it may be left out, or a function: of those there is no JSON.
  const text: string | undefined = JSON.stringify(payload);
  if (text === undefined) throw new TypeError("payload must be an object or JSON text.");
  return text;
}
