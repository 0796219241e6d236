/** Requests about stored records: reprocess, annotate, delete and read. */
import type { Uuid } from "../../../src/domain/ids.ts";
import type { Caller } from "../../../src/engine/access/caller.ts";
import type { ReprocessedOfSource } from "../../../src/engine/inbound/inbound-types.ts";
import type { Cursor, InboundRecord } from "../../../src/ports/store.ts";
import { type Answer, effectOf } from "../answers.ts";
import type { World } from "../machine.ts";
import type { Random } from "../random.ts";
import { createUncertain } from "../uncertain.ts";
import { isVerified, type KnownRecord, type KnownSource, type Message, numberIn, summary } from "./inbound-model.ts";
import { LABEL } from "./inbound-senders.ts";

export interface InboundActions {
  reprocess(): Promise<void>;
  reprocessAll(source: KnownSource): Promise<void>;
  inspect(): Promise<void>;
  note(): Promise<void>;
  remove(): Promise<void>;
}

export interface InboundActionsOptions {
  readonly world: World;
  readonly callers: readonly Caller[];
  readonly random: Random;
  /** Counts a request as open until it is answered. */
  readonly counted: <T>(task: () => Promise<T>) => Promise<T>;
  /** Lets the sender send the message again. */
  readonly repeat: (message: Message) => Promise<void>;
}

const LATEST_COUNT = 5;
const NOTES = [null, "seen", "sent again\nby us"];

interface Found {
  readonly caller: Caller;
  readonly record: InboundRecord;
  readonly known: KnownRecord;
}

export function createInboundActions({
  world,
  callers,
  random,
  counted,
  repeat,
}: InboundActionsOptions): InboundActions {
  const { inbound } = world.model;

  /** Picks one of the latest records in a tenant's list. */
  async function find(): Promise<Found | null> {
    const caller = random.pick(callers);
    const kind = random.pick(["pauseStatus", "pauseStatus", "any", null] as const);
    const valid = random.pick([true, false, null]);
    const none = { sourceId: null, sourceName: null, eventType: null, direction: null, rejection: null };
    const nothing = { ...none, from: null, to: null };
    const page = await world.ask((engine) => engine.inbound.list(caller, { ...nothing, kind, valid }, 0, 20));
    if (page.kind !== "ok" || page.value.rows.length === 0) return null;
    const { rows } = page.value;
    if (rows.some(({ receivedAt }, at) => receivedAt > (rows[at - 1]?.receivedAt ?? receivedAt))) {
      world.fault("the list of records is not in order");
    }
    const { id } = random.pick(rows);
    const answer = await world.ask((engine) => engine.inbound.get(caller, id));
    if (answer.kind !== "ok") return null;
    const record = answer.value;
    if (record === null) {
      // The record was deleted or evicted by a flood after it was listed.
      return null;
    }
    const known = remember(record);
    return known === null ? null : { caller, record, known };
  }

  function remember(record: InboundRecord): KnownRecord | null {
    const before = inbound.records.get(record.id);
    if (before !== undefined) return before;
    const message = inbound.messages[numberIn(Buffer.from(record.raw.body).toString()) ?? -1];
    if (message === undefined) {
      world.fault(`inbound ${record.id}: no sender sent it`);
      return null;
    }
    const { id, seq, notes } = record;
    const known: KnownRecord = { id, seq, message, reprocesses: [], deletes: [], notes: createUncertain(notes) };
    inbound.records.set(id, known);
    return known;
  }

  function reprocess(): Promise<void> {
    return counted(async () => {
      const found = await find();
      if (found === null) return;
      // Two concurrent requests both take effect, but only one makes the record valid.
      if (random.chance(0.3)) void counted(() => reprocessOne(found));
      await reprocessOne(found);
      if (random.chance(0.3)) void repeat(found.known.message);
    });
  }

  async function reprocessOne({ caller, record, known }: Found): Promise<void> {
    const notes = random.chance(0.2) ? random.pick(NOTES) : undefined;
    const report = notes === undefined ? () => undefined : known.notes.change(notes);
    const asked: KnownRecord["reprocesses"][number] = { wasValid: record.valid, effect: "unknown", eventId: null };
    known.reprocesses.push(asked);
    const { source } = known.message;
    const [fromMs, firstVersion] = [world.process?.now() ?? 0, source.versions.length - 1];
    const answer = await world.ask((engine) => engine.inbound.reprocess(caller, record.id, notes));
    world.say(`reprocess ${record.id}: ${summary(answer)}`);
    asked.effect = answer.kind === "ok" && answer.value.kind !== "reprocessed" ? "none" : effectOf(answer);
    report(asked.effect);
    if (answer.kind !== "ok") return;
    if (answer.value.kind === "reprocessed") asked.eventId = answer.value.eventId;
    const span = { fromMs, toMs: world.process?.now() ?? fromMs, firstVersion };
    const fault = reprocessFault(answer.value.kind, record, known, span);
    if (fault !== null)
      world.fault(`inbound ${record.id}: the answer to its reprocessing is ${answer.value.kind}, ${fault}`);
  }

  type Kind = "reprocessed" | "failed" | "repeated" | "unknown";

  function reprocessFault(
    kind: Kind,
    record: InboundRecord,
    { message, deletes }: KnownRecord,
    span: Parameters<typeof isVerified>[2],
  ): string | null {
    if (kind === "unknown") return deletes.length > 0 || !record.valid ? null : "but nobody deleted it";
    const { source, flaw } = message;
    if (record.valid) return kind === "reprocessed" ? null : "although it was valid";
    const verified = isVerified(source, record.raw.headers[LABEL] ?? null, span);
    const isSound = flaw === "none";
    const isUntimely = record.rejection?.startsWith("timestamp") ?? false;
    if (kind === "failed")
      return isSound && verified === "yes" && !isUntimely ? "although its secret is correct now" : null;
    return isSound && verified !== "no" ? null : `although its flaw is ${flaw} and its verification is ${verified}`;
  }

  function reprocessAll(source: KnownSource): Promise<void> {
    return counted(async () => {
      source.bulkReprocesses += 1;
      let cursor: Cursor | null = null;
      do {
        const from: Cursor | null = cursor;
        const answer: Answer<ReprocessedOfSource | null> = await world.ask((engine) =>
          engine.inbound.reprocessSource(source.caller, source.id, from),
        );
        if (answer.kind !== "ok") return;
        world.say(`reprocess all of ${source.settings.name}: ${JSON.stringify(answer.value)}`);
        cursor = answer.value?.next ?? null;
      } while (cursor !== null);
      const own = inbound.messages.filter((message) => message.source === source).slice(-LATEST_COUNT);
      for (const message of own) if (random.chance(0.3)) void repeat(message);
    });
  }

  function note(): Promise<void> {
    return counted(async () => {
      const found = await find();
      if (found === null) return;
      const { caller, known } = found;
      const notes = random.pick(NOTES);
      const report = known.notes.change(notes);
      const answer = await world.ask((engine) => engine.inbound.note(caller, known.id, notes));
      report(answer.kind === "ok" && answer.value === null ? "none" : effectOf(answer));
      if (answer.kind === "ok" && answer.value === null && known.deletes.length === 0 && found.record.valid) {
        world.fault(`inbound ${known.id}: it is missing, but nobody deleted it`);
      }
    });
  }

  function remove(): Promise<void> {
    return counted(async () => {
      const found = await find();
      if (found === null) return;
      const { caller, known } = found;
      const asked: KnownRecord["deletes"][number] = { effect: "unknown" };
      known.deletes.push(asked);
      const answer = await world.ask((engine) => engine.inbound.remove(caller, known.id));
      world.say(`delete inbound ${known.id}: ${summary(answer)}`);
      asked.effect = answer.kind === "ok" && !answer.value ? "none" : effectOf(answer);
    });
  }

  function inspect(): Promise<void> {
    return counted(async () => {
      const found = await find();
      if (found === null) return;
      const { caller, record, known } = found;
      const wrong = (what: string) => world.fault(`inbound ${record.id}: ${what}`);
      const stranger = callers.find(({ tenantSeq }) => tenantSeq !== caller.tenantSeq);
      if (stranger !== undefined && record.tenantSeq !== null) {
        const seen = await world.ask((engine) => engine.inbound.get(stranger, record.id));
        if (seen.kind === "ok" && seen.value !== null) wrong("another tenant can read it");
      }
      for (const eventId of record.eventIds) await checkOrigin(caller, eventId, known, wrong);
    });
  }

  async function checkOrigin(caller: Caller, eventId: Uuid, known: KnownRecord, wrong: (what: string) => void) {
    const origin = await world.ask((engine) => engine.inbound.originOf(caller, eventId));
    if (origin.kind !== "ok" || origin.value === known.id) return;
    if (origin.value !== null || known.deletes.length === 0) wrong(`event ${eventId} has the origin ${origin.value}`);
  }

  return { reprocess, reprocessAll, inspect, note, remove };
}
