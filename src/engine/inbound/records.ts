/** Inbound events once they are recorded: listed, noted, deleted, processed again. */
import type { Uuid } from "../../domain/ids.ts";
import type { Source } from "../../domain/inbound/source.ts";
import { REPROCESS_STEP_ROWS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeletedSource, InboundRecord, Reprocess, Store } from "../../ports/store.ts";
import type { Caller } from "../access/caller.ts";
import type { Claims } from "../delivery/claims.ts";
import { isUnavailable } from "../scheduling/batcher.ts";
import type { Outage } from "../upkeep/outage.ts";
import { createExplained } from "./explain/read.ts";
import type { InboundService, ReprocessAnswer } from "./inbound-service.ts";
import type { KnownSources } from "./known-sources.ts";
import { type Failed, publishAgain, verifyAgain } from "./prepare-again.ts";

export type Records = Pick<
  InboundService,
  "list" | "find" | "get" | "reprocess" | "reprocessSource" | "note" | "remove" | "originOf"
>;

export interface RecordsOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly outage: Pick<Outage, "report">;
  readonly claims: Pick<Claims, "wake">;
  readonly sources: KnownSources;
  readonly publicUrl: () => string;
}

/** Why it failed is only looked for when somebody will read it. */
type Reprocessed = Exclude<ReprocessAnswer, { kind: "failed" }> | Failed;

type Prepared =
  | { readonly kind: "ready"; readonly request: Pick<Reprocess, "event" | "verified" | "eventType" | "now"> }
  | Failed;

export function createRecords({ clock, store, outage, claims, sources, publicUrl }: RecordsOptions): Records {
  const explained = createExplained({ clock, store, outage, sources, publicUrl });

  async function find(caller: Caller, id: Uuid): Promise<InboundRecord | null> {
    const record = await store.getInbound(null, id);
    return record !== null && maySee(caller, record) ? record : null;
  }

  async function reprocess(caller: Caller, record: InboundRecord, notes?: string | null): Promise<Reprocessed> {
    const prepared = record.valid ? await prepareValid(record) : await prepareRefused(record);
    if (prepared === null) return doneMeanwhile(caller, record.id, notes);
    if (prepared.kind === "failed") return prepared;
    const noted = notes === undefined ? {} : { notes };
    const request = { actor: caller.actor, tenantSeq: null, id: record.id, ...prepared.request, ...noted };
    const result = await store.reprocess(request);
    if (result.kind === "repeated" && result.id === record.id) return doneMeanwhile(caller, record.id, notes);
    if (result.kind !== "reprocessed") return result;
    claims.wake(result.woken);
    return { kind: "reprocessed", record: result.record, eventId: request.event?.id ?? null };
  }

  async function prepareValid(record: InboundRecord): Promise<Prepared> {
    const now = clock.now();
    const source = await lastSourceOf(record);
    const prepared = publishAgain({ record, source, eventId: clock.uuid(), now });
    if (prepared.kind === "failed") return prepared;
    const { event, eventType } = prepared;
    const request = { event, verified: null, ...(eventType === null ? {} : { eventType }), now };
    return { kind: "ready", request };
  }

  /** Null: it was refused when it was found, and is not any more. */
  async function prepareRefused(record: InboundRecord): Promise<Prepared | null> {
    const source = await sourceOf(record);
    const credentials =
      source?.scheme === "basic" ? await store.getCredentials(record.id) : ({ kind: "none" } as const);
    if (credentials === null) return null;
    const now = clock.now();
    const again = verifyAgain({ record, source, credentials, publicUrl: publicUrl(), now });
    if (again.kind === "failed") return again;
    return { kind: "ready", request: { event: again.eventOf(clock.uuid()), verified: again.becomes, now } };
  }

  /** One of many, of which a mistake of ours in one must not keep the rest from their turn. */
  async function isReprocessed(caller: Caller, record: InboundRecord): Promise<boolean> {
    try {
      return (await reprocess(caller, record)).kind === "reprocessed";
    } catch (error) {
      if (isUnavailable(error)) throw error;
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      outage.report(new Error(`inbound event ${record.id}: ${what}`));
      return false;
    }
  }

  /** Somebody else asked for the same at the same time: it is done, once. */
  async function doneMeanwhile(caller: Caller, id: Uuid, notes?: string | null): Promise<Reprocessed> {
    const { actor } = caller;
    const record =
      notes === undefined
        ? await store.getInbound(null, id) // it may be another tenant's by now: the source's that it names
        : await store.noteInbound({ actor, tenantSeq: null, id, notes, now: clock.now() });
    return record === null
      ? { kind: "unknown" }
      : { kind: "reprocessed", record, eventId: record.eventIds.at(-1) ?? null };
  }

  async function sourceOf({ kind, tenantSeq, sourceId, sourceName }: InboundRecord): Promise<Source | null> {
    if (tenantSeq !== null) return sourceId === null ? null : store.getSource(tenantSeq, sourceId);
    // Nobody's: its source may have been made since it came.
    return kind === "any" || sourceName === null ? null : store.findSource({ name: sourceName });
  }

  /** Also when it is deleted. */
  async function lastSourceOf(record: InboundRecord): Promise<DeletedSource | null> {
    const { tenantSeq, sourceId } = record;
    if (tenantSeq === null || sourceId === null) return null;
    return (await store.getSource(tenantSeq, sourceId)) ?? store.getDeletedSource(tenantSeq, sourceId);
  }

  return {
    async list(caller, filter, offset, limit) {
      const whole = { ...filter, tenantSeq: caller.tenantSeq, includeUnattributed: seesNobodys(caller) };
      const { rows, total } = await store.listInbound(whole, offset, limit);
      return { rows: await explained.rows(rows), total };
    },
    find,
    async get(caller, id) {
      const record = await find(caller, id);
      return record === null ? null : explained.record(record);
    },
    async reprocess(caller, id, notes) {
      const record = await find(caller, id);
      if (record === null) return { kind: "unknown" };
      const answer = await reprocess(caller, record, notes);
      return answer.kind === "failed" ? { ...answer, explanation: answer.explain() } : answer;
    },
    async reprocessSource(caller, sourceId, cursor) {
      if ((await store.getSource(caller.tenantSeq, sourceId)) === null) return null;
      const { records, next } = await store.listRejected(caller.tenantSeq, sourceId, cursor, REPROCESS_STEP_ROWS);
      let reprocessed = 0;
      for (const record of records) {
        if (await isReprocessed(caller, record)) reprocessed += 1;
      }
      return { reprocessed, failed: records.length - reprocessed, next };
    },
    async note(caller, id, notes) {
      if ((await find(caller, id)) === null) return null;
      const record = await store.noteInbound({ actor: caller.actor, tenantSeq: null, id, notes, now: clock.now() });
      return record === null ? null : explained.record(record);
    },
    async remove(caller, id) {
      if ((await find(caller, id)) === null) return false;
      return store.deleteInbound({ actor: caller.actor, tenantSeq: null, id, now: clock.now() });
    },
    originOf: ({ tenantSeq }, eventId) => store.findInboundOfEvent(tenantSeq, eventId),
  };
}

function maySee(caller: Caller, { tenantSeq }: InboundRecord): boolean {
  return tenantSeq === null ? seesNobodys(caller) : tenantSeq === caller.tenantSeq;
}

/** What belongs to no tenant is shown to whoever looks after the installation, while looking at no other tenant. */
function seesNobodys({ actor, tenantSeq }: Caller): boolean {
  return actor.role === "global_admin" && tenantSeq === actor.tenantSeq;
}
