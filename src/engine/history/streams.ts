/** The live feed of outcomes, which a reader can resume from the store. */
import type { LeasedDelivery } from "../../domain/delivery/delivery.ts";
import type { Destination } from "../../domain/endpoints/endpoint.ts";
import type { Seq } from "../../domain/ids.ts";
import { LIST_PAGE_MAX, STREAM_BEHIND_MAX, STREAMS_PER_TENANT_MAX } from "../../domain/limits.ts";
import type { DeliveryRow, OutcomeRow, SettledResult, Store } from "../../ports/store.ts";
import type { AttemptMade } from "../delivery/attempts.ts";
import type { OutcomeStream } from "./history-types.ts";

type TailStore = Pick<Store, "tail">;

export class Streams {
  readonly #store: TailStore;
  readonly #readers = new Map<Seq, Set<Reader>>();

  constructor(store: TailStore) {
    this.#store = store;
  }

  /**
   * @param after resume after this outcome; null starts with the next outcome
   * @returns null when the tenant has `STREAMS_PER_TENANT_MAX` streams open
   */
  open(tenantSeq: Seq, after: Seq | null): OutcomeStream | null {
    const ofTenant = this.#readers.get(tenantSeq) ?? new Set<Reader>();
    if (ofTenant.size >= STREAMS_PER_TENANT_MAX) return null;
    const reader = new Reader(this.#store, tenantSeq, after);
    this.#readers.set(tenantSeq, ofTenant.add(reader));
    const outcomes = reader.outcomes();
    return {
      async next() {
        const result = await outcomes.next();
        return result.done ? { done: true } : { done: false, value: result.value };
      },
      close: () => {
        reader.end();
        ofTenant.delete(reader);
        if (ofTenant.size === 0 && this.#readers.get(tenantSeq) === ofTenant) this.#readers.delete(tenantSeq);
      },
    };
  }

  /** An attempt was settled. */
  push(delivery: LeasedDelivery, endpoint: Destination, made: AttemptMade, result: SettledResult): void {
    const ofTenant = this.#readers.get(endpoint.tenantSeq);
    if (ofTenant === undefined) return;
    const outcome = { attemptSeq: result.attemptSeq, row: rowOf(delivery, endpoint, made, result) };
    for (const reader of ofTenant) reader.push(outcome);
  }

  /** End every stream. */
  close(): void {
    for (const ofTenant of this.#readers.values()) for (const reader of ofTenant) reader.end();
  }
}

/** Reads the store first, then the outcomes that are pushed. */
class Reader {
  readonly #store: TailStore;
  readonly #tenantSeq: Seq;
  readonly #resumes: boolean;
  /** The position of the last outcome that was read. */
  #last: Seq;
  /** Outcomes that were pushed since the reader went live, and that it has not read yet. */
  readonly #buffer: OutcomeRow[] = [];
  /** False while the reader depends on the store alone. */
  #live: boolean;
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(store: TailStore, tenantSeq: Seq, after: Seq | null) {
    this.#store = store;
    this.#tenantSeq = tenantSeq;
    this.#resumes = after !== null;
    this.#last = after ?? 0;
    this.#live = after === null;
  }

  push(outcome: OutcomeRow): void {
    if (!this.#live) return; // the reader will find this outcome in the store
    if (this.#buffer.length >= STREAM_BEHIND_MAX) this.#ended = true;
    else this.#buffer.push(outcome);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *outcomes(): AsyncGenerator<OutcomeRow, void, void> {
    if (this.#resumes) yield* this.#stored();
    while (!this.#ended) {
      const outcome = this.#buffer.shift();
      if (outcome === undefined) {
        await this.#pushed();
      } else if (outcome.attemptSeq > this.#last) {
        this.#last = outcome.attemptSeq;
        yield outcome;
      }
    }
  }

  /**
   * Read the store up to its end, go live, and read it once more.
   *
   * The second read finds the outcomes that were settled before the reader went live. Outcomes that were both read and
   * pushed are dropped by their position.
   */
  async *#stored(): AsyncGenerator<OutcomeRow, void, void> {
    while (!this.#ended) {
      const wasLive = this.#live;
      const page = await this.#store.tail(this.#tenantSeq, this.#last, LIST_PAGE_MAX);
      for (const outcome of page.outcomes) {
        if (this.#ended) return;
        yield outcome;
      }
      this.#last = page.upTo;
      if (page.more) continue;
      if (wasLive) return;
      this.#live = true;
    }
  }

  #pushed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null;
        resolve();
      };
    });
  }
}

function rowOf(delivery: LeasedDelivery, endpoint: Destination, made: AttemptMade, result: SettledResult): DeliveryRow {
  const { attempt, transition } = made;
  const waits = result.state === "SCHEDULED";
  return {
    seq: delivery.seq,
    id: delivery.id,
    eventId: delivery.event.id,
    eventType: delivery.event.type,
    endpointId: endpoint.id,
    endpointName: endpoint.name,
    state: waits && result.lane.held ? "HELD" : result.state,
    attempts: attempt.number,
    nextAttemptAt: transition.next.state === "SCHEDULED" && waits ? transition.next.dueAt : null,
    firstScheduledAt: delivery.createdAt,
    lastAttemptAt: attempt.startedAt,
    lastAttempt: {
      startedAt: attempt.startedAt,
      httpStatus: attempt.httpStatus,
      classification: transition.classification,
      errorDetail: attempt.errorDetail,
    },
    endedAt: waits ? null : attempt.endedAt,
    reason: waits ? null : transition.next.state === "SCHEDULED" ? "cancelled" : transition.next.reason,
    createdAt: delivery.createdAt,
    updatedAt: attempt.endedAt,
  };
}
