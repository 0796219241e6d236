/** Inbound events once they are recorded: listed, noted, deleted, processed again. */
import type { Uuid } from "../../domain/ids.ts";
import type { Source } from "../../domain/inbound/source.ts";
import { REPROCESS_STEP_ROWS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { InboundRecord, KeptCredentials, Store } from "../../ports/store.ts";
import { isUnavailable } from "../batcher.ts";
import type { Caller } from "../caller.ts";
import type { Claims } from "../claims.ts";
import type { Outage } from "../outage.ts";
import type { InboundService, ReprocessAnswer } from "./inbound-service.ts";
import { type Failed, prepareAgain } from "./prepare-again.ts";

export type Records = Pick<
  InboundService,
  "list" | "get" | "reprocess" | "reprocessSource" | "note" | "remove" | "originOf"
>;

export interface RecordsOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly outage: Pick<Outage, "report">;
  readonly claims: Pick<Claims, "wake">;
}

/** Why it failed is only looked for when somebody will read it. */
type Reprocessed = Exclude<ReprocessAnswer, { kind: "failed" }> | Failed;

export function createRecords({ clock, store, outage, claims }: RecordsOptions): Records {
  async function find(caller: Caller, id: Uuid): Promise<InboundRecord | null> {
    const record = await store.getInbound(null, id);
    return record !== null && maySee(caller, record) ? record : null;
  }

  async function reprocess(caller: Caller, record: InboundRecord, notes?: string | null): Promise<Reprocessed> {
    const source = await sourceOf(record);
    const credentials = await credentialsOf(record, source);
    if (credentials === null) return doneMeanwhile(caller, record.id, notes);
    const now = clock.now();
    const prepared = prepareAgain({ record, source, credentials, uuid: clock.uuid, now });
    if (prepared.kind === "failed") return prepared;
    const result = await store.reprocess({
      actor: caller.actor,
      tenantSeq: null,
      id: record.id,
      event: prepared.event,
      verified: prepared.verified,
      ...(notes === undefined ? {} : { notes }),
      now,
    });
    if (result.kind === "repeated" && result.id === record.id) return doneMeanwhile(caller, record.id, notes);
    if (result.kind !== "reprocessed") return result;
    claims.wake(result.woken);
    return { kind: "reprocessed", record: result.record, eventId: prepared.event?.id ?? null };
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
        ? await find(caller, id)
        : await store.noteInbound({ actor, tenantSeq: null, id, notes, now: clock.now() });
    return record === null
      ? { kind: "unknown" }
      : { kind: "reprocessed", record, eventId: record.eventIds.at(-1) ?? null };
  }

  async function sourceOf({ tenantSeq, sourceId }: InboundRecord): Promise<Source | null> {
    return tenantSeq === null || sourceId === null ? null : store.getSource(tenantSeq, sourceId);
  }

  /** Null: it was refused when it was found, and is not any more. */
  async function credentialsOf({ id, valid }: InboundRecord, source: Source | null): Promise<KeptCredentials | null> {
    return valid || source?.scheme !== "basic" ? { kind: "none" } : store.getCredentials(id);
  }

  return {
    list(caller, filter, offset, limit) {
      return store.listInbound(
        { ...filter, tenantSeq: caller.tenantSeq, andNobodys: seesNobodys(caller) },
        offset,
        limit,
      );
    },
    get: find,
    async reprocess(caller, id, notes) {
      const record = await find(caller, id);
      if (record === null) return { kind: "unknown" };
      const answer = await reprocess(caller, record, notes);
      return answer.kind === "failed" ? { ...answer, explanation: answer.explain() } : answer;
    },
    async reprocessSource(caller, sourceId, after) {
      if ((await store.getSource(caller.tenantSeq, sourceId)) === null) return null;
      const records = await store.listRejected(caller.tenantSeq, sourceId, after ?? 0, REPROCESS_STEP_ROWS);
      let reprocessed = 0;
      for (const record of records) {
        if (await isReprocessed(caller, record)) reprocessed += 1;
      }
      const next = records.length < REPROCESS_STEP_ROWS ? null : (records.at(-1)?.seq ?? null);
      return { reprocessed, failed: records.length - reprocessed, next };
    },
    async note(caller, id, notes) {
      if ((await find(caller, id)) === null) return null;
      return store.noteInbound({ actor: caller.actor, tenantSeq: null, id, notes, now: clock.now() });
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
