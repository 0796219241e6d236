/** The live feed of outcomes, and how a reader resumes it from the store. */
import type { LeasedDelivery } from "../../domain/delivery/delivery.ts";
import type { Destination } from "../../domain/endpoints/endpoint.ts";
import type { Seq } from "../../domain/ids.ts";
import { LIST_PAGE_MAX, STREAM_BEHIND_MAX, STREAMS_PER_TENANT_MAX } from "../../domain/limits.ts";
import type { DeliveryRow, OutcomeRow, SettledResult, Store } from "../../ports/store.ts";
import type { AttemptMade } from "../delivery/attempts.ts";
import type { OutcomeStream } from "../engine-types.ts";

export interface Streams {
  /** Null when the tenant has as many open as it may. */
  open(tenantSeq: Seq, after: Seq | null): OutcomeStream | null;
  /** An attempt was settled. */
  tell(delivery: LeasedDelivery, endpoint: Destination, made: AttemptMade, result: SettledResult): void;
  /** End all of them. */
  close(): void;
}

interface Reader {
  /** Outcomes told since it went live, not yet read. */
  buffer: OutcomeRow[];
  /** False while it still reads from the store. */
  live: boolean;
  ended: boolean;
  wake: (() => void) | null;
}

export function createStreams(store: Store): Streams {
  const readers = new Map<Seq, Set<Reader>>();

  function tell(delivery: LeasedDelivery, endpoint: Destination, made: AttemptMade, result: SettledResult): void {
    const ofTenant = readers.get(endpoint.tenantSeq);
    if (ofTenant === undefined) return;
    const outcome = { attemptSeq: result.attemptSeq, row: rowOf(delivery, endpoint, made, result) };
    for (const reader of ofTenant) {
      if (!reader.live) continue; // it will find this one in the store
      if (reader.buffer.length >= STREAM_BEHIND_MAX) reader.ended = true;
      else reader.buffer.push(outcome);
      reader.wake?.();
    }
  }

  function open(tenantSeq: Seq, after: Seq | null): OutcomeStream | null {
    const ofTenant = readers.get(tenantSeq) ?? new Set<Reader>();
    if (ofTenant.size >= STREAMS_PER_TENANT_MAX) return null;
    const reader: Reader = { buffer: [], live: after === null, ended: false, wake: null };
    readers.set(tenantSeq, ofTenant.add(reader));
    const close = () => {
      reader.ended = true;
      reader.wake?.();
      ofTenant.delete(reader);
      if (ofTenant.size === 0 && readers.get(tenantSeq) === ofTenant) readers.delete(tenantSeq);
    };
    const outcomes = read(store, tenantSeq, after, reader);
    return {
      async next() {
        const result = await outcomes.next();
        return result.done ? { done: true } : { done: false, value: result.value };
      },
      close,
    };
  }

  return {
    open,
    tell,
    close() {
      for (const reader of [...readers.values()].flatMap((set) => [...set])) {
        reader.ended = true;
        reader.wake?.();
      }
    },
  };
}

/** First what the store has after `after`, then what is told. */
async function* read(
  store: Store,
  tenantSeq: Seq,
  after: Seq | null,
  reader: Reader,
): AsyncGenerator<OutcomeRow, void, void> {
  let last = after ?? 0;
  while (!reader.ended && after !== null) {
    const wasLive = reader.live;
    const page = await store.tail(tenantSeq, last, LIST_PAGE_MAX);
    for (const outcome of page.outcomes) {
      if (reader.ended) return;
      yield outcome;
    }
    last = page.upTo;
    if (page.more) continue;
    // One more page after going live: what was settled in between is in the store, or told, or both.
    if (wasLive) break;
    reader.live = true;
  }
  while (!reader.ended) {
    const outcome = reader.buffer.shift();
    if (outcome === undefined) {
      await new Promise<void>((resolve) => {
        reader.wake = resolve;
      });
      reader.wake = null;
    } else if (outcome.attemptSeq > last) {
      last = outcome.attemptSeq;
      yield outcome;
    }
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
