/** The live stream: outcomes, which a reader can resume from the store, and news of what else changed. */
import type { LeasedDelivery, TerminalReason } from "../../domain/delivery/delivery.ts";
import type { Destination } from "../../domain/endpoints/endpoint.ts";
import { NEWS_TOPICS, type News, type Topic } from "../../domain/history/news.ts";
import type { Seq } from "../../domain/ids.ts";
import { STREAM_TOLD_MS, STREAMS_PER_TENANT_MAX } from "../../domain/limits.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { DeliveryRow, NodeNote, SettledResult, Store } from "../../ports/store.ts";
import type { AttemptMade } from "../delivery/attempts.ts";
import type { Membership } from "../upkeep/membership.ts";
import { ExportStates } from "./export-states.ts";
import type { LiveStream, StreamInput } from "./history-types.ts";
import { StreamReader } from "./stream-reader.ts";

export class Streams {
  readonly #store: Pick<Store, "tail" | "notes">;
  readonly #clock: Pick<Clock, "now" | "after">;
  readonly #membership: Pick<Membership, "isShared">;
  readonly exports = new ExportStates();
  readonly #readers = new Map<Seq, Set<StreamReader>>();
  /** Tenants with outcomes of which nobody was told yet. */
  readonly #settled = new Set<Seq>();
  #timer: Timer | null = null;

  constructor(
    store: Pick<Store, "tail" | "notes">,
    clock: Pick<Clock, "now" | "after">,
    membership: Pick<Membership, "isShared">,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#membership = membership;
    store.notes?.listen((note) => this.#hear(note));
  }

  /** How many streams are open: the tenant's, or all. */
  count(tenantSeq: Seq | null): number {
    if (tenantSeq !== null) return this.#readers.get(tenantSeq)?.size ?? 0;
    return [...this.#readers.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** @returns null when the tenant has `STREAMS_PER_TENANT_MAX` streams open */
  open(tenantSeq: Seq, input: StreamInput): LiveStream | null {
    const ofTenant = this.#readers.get(tenantSeq) ?? new Set<StreamReader>();
    if (ofTenant.size >= STREAMS_PER_TENANT_MAX) return null;
    const reader = new StreamReader(this.#store, this.#clock, tenantSeq, input);
    this.#readers.set(tenantSeq, ofTenant.add(reader));
    const items = reader.items();
    return {
      ready: reader.ready(),
      position: () => reader.position,
      async next() {
        const result = await items.next();
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
    if (this.#store.notes !== null) {
      this.#tellLater(endpoint.tenantSeq);
      return;
    }
    const ofTenant = this.#readers.get(endpoint.tenantSeq);
    if (ofTenant === undefined) return;
    const outcome = { attemptSeq: result.attemptSeq, row: rowOf(delivery, endpoint, made, result) };
    for (const reader of ofTenant) reader.push(outcome);
  }

  /** Tell the tenant's readers, on all nodes, that something changed. */
  announce(tenantSeq: Seq, news: News): void {
    this.#send({ kind: "news", tenantSeq, news });
    this.#tell(tenantSeq, news);
  }

  /** Other nodes may have stored outcomes of any tenant. */
  followAll(): void {
    for (const tenantSeq of this.#readers.keys()) this.#follow(tenantSeq);
  }

  /** Nodes came or went: a new one was not told yet what happened, and one that crashed told nobody. */
  nodesChanged(): void {
    this.#send({ kind: "missedAny" });
    this.#hear({ kind: "missedAny" });
  }

  #hear(note: NodeNote): void {
    if (note.kind === "news") this.#tell(note.tenantSeq, note.news);
    if (note.kind === "outcomes") for (const tenantSeq of note.tenantSeqs) this.#follow(tenantSeq);
    if (note.kind === "missed") for (const tenantSeq of note.tenantSeqs) this.#miss(tenantSeq, note.topics);
    if (note.kind === "missedAny") for (const tenantSeq of this.#readers.keys()) this.#miss(tenantSeq, NEWS_TOPICS);
  }

  /** With several nodes, all outcomes reach the readers through the store, which has them in one order. */
  #tellLater(tenantSeq: Seq): void {
    this.#settled.add(tenantSeq);
    this.#timer ??= this.#clock.after(STREAM_TOLD_MS, () => {
      this.#timer = null;
      const tenantSeqs = [...this.#settled];
      this.#settled.clear();
      this.#send({ kind: "outcomes", tenantSeqs });
      for (const settled of tenantSeqs) this.#follow(settled);
    });
  }

  #send(note: NodeNote): void {
    if (this.#membership.isShared) this.#store.notes?.send(note);
  }

  #follow(tenantSeq: Seq): void {
    for (const reader of this.#readers.get(tenantSeq) ?? []) reader.follow();
  }

  #miss(tenantSeq: Seq, topics: readonly Topic[]): void {
    for (const reader of this.#readers.get(tenantSeq) ?? []) reader.missed(topics);
  }

  #tell(tenantSeq: Seq, news: News): void {
    if (news.topic === "export") this.exports.note(tenantSeq, news, this.#clock.now());
    const ofTenant = this.#readers.get(tenantSeq);
    if (ofTenant === undefined) return;
    for (const reader of ofTenant) reader.announce(news);
  }

  /** Tell the readers of all tenants, on this node. */
  announceToAll(news: News): void {
    for (const tenantSeq of this.#readers.keys()) this.#tell(tenantSeq, news);
  }

  /** End every stream. */
  close(): void {
    for (const ofTenant of this.#readers.values()) for (const reader of ofTenant) reader.end();
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
    endpointDeleted: result.lane.deleted,
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
    reason: waits ? null : endReason(made, result),
    createdAt: delivery.createdAt,
    updatedAt: attempt.endedAt,
  };
}

function endReason({ transition: { next } }: AttemptMade, { lane }: SettledResult): TerminalReason {
  if (next.state !== "SCHEDULED") return next.reason;
  return lane.deleted ? "endpoint_deleted" : "cancelled";
}
