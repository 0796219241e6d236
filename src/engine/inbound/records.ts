/** Inbound events once they are recorded: listed, noted, deleted, processed again. */
import type { Event } from "../../domain/event.ts";
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import { expiredSecrets, type Source, secretsAt } from "../../domain/inbound/source.ts";
import { REPROCESS_STEP_ROWS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { InboundRecord, Reprocess, Store } from "../../ports/store.ts";
import type { Caller } from "../caller.ts";
import type { Claims } from "../claims.ts";
import type { InboundService, ReprocessAnswer } from "./inbound-service.ts";
import { contentDigest } from "./jcs.ts";
import { notificationOf, readBody, readFacts } from "./pause-status.ts";
import { readRequest } from "./read.ts";
import { digestOf } from "./receiving.ts";
import { explainRejection, verifyRequest } from "./verify.ts";

export type Records = Pick<
  InboundService,
  "list" | "get" | "reprocess" | "reprocessSource" | "note" | "remove" | "originOf"
>;

export function createRecords(store: Store, clock: Clock, claims: Pick<Claims, "wake">): Records {
  async function find(caller: Caller, id: Uuid): Promise<InboundRecord | null> {
    const record = await store.getInbound(null, id);
    return record !== null && maySee(caller, record) ? record : null;
  }

  async function reprocess(caller: Caller, record: InboundRecord, notes?: string | null): Promise<ReprocessAnswer> {
    const source = await sourceOf(record);
    const now = clock.now();
    const prepared = record.valid ? prepareAgain(record, source, now) : prepareVerified(record, source, now);
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

  /** Somebody else asked for the same at the same time: it is done, once. */
  async function doneMeanwhile(caller: Caller, id: Uuid, notes?: string | null): Promise<ReprocessAnswer> {
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

  type Prepared =
    | { readonly kind: "ready"; readonly event: Event | null; readonly verified: Reprocess["verified"] }
    | Extract<ReprocessAnswer, { kind: "failed" }>;

  /** A verified one: what it published, once more. */
  function prepareAgain(record: InboundRecord, source: Source | null, now: EpochMs): Prepared {
    if (source === null) return failed("source_unknown", "Its source is deleted.");
    return { kind: "ready", event: eventOf(record, source, now), verified: null };
  }

  /** A refused one: verified as of its receipt, with the source's present secrets. */
  function prepareVerified(record: InboundRecord, source: Source | null, now: EpochMs): Prepared {
    if (source === null)
      return failed("source_unknown", "It came from no source that is known, or its source is deleted.");
    if (record.bodyBytes > record.raw.body.byteLength) return failed("body_unreadable", "Its body was not kept whole.");
    if (source.scheme === "basic") {
      return failed(
        record.rejection ?? "credentials_mismatch",
        "Passwords are not kept; have its sender send it again.",
      );
    }
    const secrets = secretsAt(source, now);
    const verification = verifyRequest(source, secrets, record.raw, record.receivedAt);
    if (verification.kind === "rejected") {
      return failed(
        verification.reason,
        explainRejection(source, secrets, record.raw, verification, expiredSecrets(source, now)),
      );
    }
    const common = { sourceSeq: source.seq, tenantSeq: source.tenantSeq, sourceName: source.name };
    if (record.kind === "any") {
      const { eventType, deliveryId, challenge } = readRequest(source, record.raw);
      if (challenge !== null) return failed("body_unreadable", "It asks whether anybody is there; it is no event.");
      const verified = { ...common, eventType, facts: null, digest: digestOf(source, record.raw, deliveryId) };
      return { kind: "ready", event: eventOf(record, source, now), verified };
    }
    const body = readBody(record.raw.body);
    if (body.kind === "unreadable") return failed("body_unreadable", body.message);
    const stated = readFacts(body.fields);
    if (stated.kind === "invalid") {
      return failed("fields_invalid", stated.faults.map(({ field, rule }) => `${field} ${rule}`).join("; "));
    }
    const { eventType, facts } = stated;
    const event = notificationOf({ id: clock.uuid(), recordId: record.id, source, facts, now });
    const verified = { ...common, eventType, facts, digest: contentDigest(record.raw.body) };
    return { kind: "ready", event, verified };
  }

  function eventOf(record: InboundRecord, source: Source, now: EpochMs): Event | null {
    const { facts } = record;
    if (record.kind === "pauseStatus") {
      return facts === null ? null : notificationOf({ id: clock.uuid(), recordId: record.id, source, facts, now });
    }
    const { eventType, payload } = readRequest(source, record.raw);
    return { id: clock.uuid(), tenantId: source.tenantId, type: eventType, payload, acceptedAt: now, pauseId: null };
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
      return record === null ? { kind: "unknown" } : reprocess(caller, record, notes);
    },
    async reprocessSource(caller, sourceId, after) {
      if ((await store.getSource(caller.tenantSeq, sourceId)) === null) return null;
      const records = await store.listRejected(caller.tenantSeq, sourceId, after ?? 0, REPROCESS_STEP_ROWS);
      let reprocessed = 0;
      for (const record of records) {
        const { kind } = await reprocess(caller, record);
        if (kind === "reprocessed") reprocessed += 1;
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

function failed(
  reason: Extract<ReprocessAnswer, { kind: "failed" }>["reason"],
  explanation: string,
): Extract<ReprocessAnswer, { kind: "failed" }> {
  return { kind: "failed", reason, explanation };
}
