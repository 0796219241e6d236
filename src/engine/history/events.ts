/** Lists of events and of their types. */
import type { Clock } from "../../ports/clock.ts";
import type { Cursor, EventFilter, EventPage, EventTypePage, Store } from "../../ports/store.ts";
import type { Caller } from "../access/caller.ts";

export type EventFilterInput = Omit<EventFilter, "tenantSeq">;

export interface ListEventsInput extends EventFilterInput {
  readonly cursor: Cursor | null;
  readonly limit: number;
}

export interface ListEventTypesInput {
  /** The beginning of the name; empty for all types. */
  readonly prefix: string;
  readonly cursor: Cursor | null;
  readonly limit: number;
}

export class Events {
  readonly #clock: Pick<Clock, "now">;
  readonly #store: Pick<Store, "listEvents" | "listEventTypes">;

  constructor(clock: Pick<Clock, "now">, store: Pick<Store, "listEvents" | "listEventTypes">) {
    this.#clock = clock;
    this.#store = store;
  }

  list({ tenantSeq }: Caller, { cursor, limit, ...filter }: ListEventsInput): Promise<EventPage> {
    return this.#store.listEvents({ tenantSeq, ...filter }, cursor, limit);
  }

  listTypes({ tenantSeq }: Caller, { prefix, cursor, limit }: ListEventTypesInput): Promise<EventTypePage> {
    return this.#store.listEventTypes({ tenantSeq, prefix, now: this.#clock.now() }, cursor, limit);
  }
}
