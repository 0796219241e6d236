/** What is done with what came: processed again, noted, deleted, looked at. */
import type { Uuid } from "../../../src/domain/ids.ts";
import type { Caller } from "../../../src/engine/engine-types.ts";
import type { ReprocessedOfSource } from "../../../src/engine/inbound/inbound-service.ts";
import type { Cursor, InboundRecord } from "../../../src/ports/store.ts";
import { createBelief } from "../belief.ts";
import { type Answer, fateOf } from "../fate.ts";
import type { World } from "../machine.ts";
import type { Random } from "../random.ts";
import { isBelieved, type KnownRecord, type KnownSource, numberIn, summary, type Told } from "./inbound-model.ts";
import { LABEL } from "./inbound-senders.ts";

export interface InboundDeeds {
  reprocess(): Promise<void>;
  reprocessAll(source: KnownSource): Promise<void>;
  look(): Promise<void>;
  note(): Promise<void>;
  remove(): Promise<void>;
}

export interface InboundDeedsOptions {
  readonly world: World;
  readonly callers: readonly Caller[];
  readonly random: Random;
  /** Count a request as open until it is answered. */
  readonly counted: <T>(task: () => Promise<T>) => Promise<T>;
  /** Let its sender tell it once more. */
  readonly repeat: (told: Told) => Promise<void>;
}

const LATEST_COUNT = 5;
const NOTES = [null, "seen", "sent again\nby us"];

interface Found {
  readonly caller: Caller;
  readonly record: InboundRecord;
  readonly known: KnownRecord;
}

export function createInboundDeeds({ world, callers, random, counted, repeat }: InboundDeedsOptions): InboundDeeds {
  const { inbound } = world.model;

  /** One of the latest that somebody's list shows. */
  async function find(): Promise<Found | null> {
    const caller = random.pick(callers);
    const kind = random.pick(["pauseStatus", "pauseStatus", "any", null] as const);
    const valid = random.pick([true, false, null]);
    const nothing = { sourceId: null, sourceName: null, eventType: null, direction: null, from: null, to: null };
    const page = await world.ask((engine) => engine.inbound.list(caller, { ...nothing, kind, valid }, 0, 20));
    if (page.kind !== "ok" || page.value.rows.length === 0) return null;
    const { rows } = page.value;
    if (rows.some(({ receivedAt }, at) => receivedAt > (rows[at - 1]?.receivedAt ?? receivedAt))) {
      world.fault("the list of what came is not in its order");
    }
    const { id } = random.pick(rows);
    const answer = await world.ask((engine) => engine.inbound.get(caller, id));
    if (answer.kind !== "ok") return null;
    const record = answer.value;
    if (record === null) {
      // Somebody deleted it, or a flood pushed it out, since it was listed.
      return null;
    }
    const known = remember(record);
    return known === null ? null : { caller, record, known };
  }

  function remember(record: InboundRecord): KnownRecord | null {
    const before = inbound.records.get(record.id);
    if (before !== undefined) return before;
    const told = inbound.told[numberIn(Buffer.from(record.raw.body).toString()) ?? -1];
    if (told === undefined) {
      world.fault(`inbound ${record.id}: nobody told it`);
      return null;
    }
    const { id, seq, notes } = record;
    const known: KnownRecord = { id, seq, told, reprocesses: [], deletes: [], notes: createBelief(notes) };
    inbound.records.set(id, known);
    return known;
  }

  function reprocess(): Promise<void> {
    return counted(async () => {
      const found = await find();
      if (found === null) return;
      // Two at once are two wishes, of which one verifies.
      if (random.chance(0.3)) void counted(() => reprocessOne(found));
      await reprocessOne(found);
      if (random.chance(0.3)) void repeat(found.known.told);
    });
  }

  async function reprocessOne({ caller, record, known }: Found): Promise<void> {
    const notes = random.chance(0.2) ? random.pick(NOTES) : undefined;
    const told = notes === undefined ? () => undefined : known.notes.change(notes);
    const asked: KnownRecord["reprocesses"][number] = { wasValid: record.valid, fate: "unknown", eventId: null };
    known.reprocesses.push(asked);
    const { source } = known.told;
    const [fromMs, firstVersion] = [world.process?.now() ?? 0, source.versions.length - 1];
    const answer = await world.ask((engine) => engine.inbound.reprocess(caller, record.id, notes));
    world.say(`reprocess ${record.id}: ${summary(answer)}`);
    asked.fate = answer.kind === "ok" && answer.value.kind !== "reprocessed" ? "nothing" : fateOf(answer);
    told(asked.fate);
    if (answer.kind !== "ok") return;
    if (answer.value.kind === "reprocessed") asked.eventId = answer.value.eventId;
    const span = { fromMs, toMs: world.process?.now() ?? fromMs, firstVersion };
    const fault = reprocessFault(answer.value.kind, record, known, span);
    if (fault !== null) world.fault(`inbound ${record.id}: reprocessing it got ${answer.value.kind}, ${fault}`);
  }

  type Kind = "reprocessed" | "failed" | "repeated" | "unknown";

  function reprocessFault(
    kind: Kind,
    record: InboundRecord,
    { told, deletes }: KnownRecord,
    span: Parameters<typeof isBelieved>[2],
  ): string | null {
    if (kind === "unknown") return deletes.length > 0 || !record.valid ? null : "and nobody deleted it";
    const { source, flaw } = told;
    if (record.valid) return kind === "reprocessed" ? null : "though it was valid";
    const believed = isBelieved(source, record.raw.headers[LABEL] ?? null, span);
    const isSound = flaw === "none";
    const isUntimely = record.rejection?.startsWith("timestamp") ?? false;
    if (kind === "failed")
      return isSound && believed === "yes" && !isUntimely ? "though its secret is right now" : null;
    return isSound && believed !== "no" ? null : `it is ${flaw}, and its secret believed: ${believed}`;
  }

  function reprocessAll(source: KnownSource): Promise<void> {
    return counted(async () => {
      source.bulks += 1;
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
      const own = inbound.told.filter((told) => told.source === source).slice(-LATEST_COUNT);
      for (const told of own) if (random.chance(0.3)) void repeat(told);
    });
  }

  function note(): Promise<void> {
    return counted(async () => {
      const found = await find();
      if (found === null) return;
      const { caller, known } = found;
      const notes = random.pick(NOTES);
      const told = known.notes.change(notes);
      const answer = await world.ask((engine) => engine.inbound.note(caller, known.id, notes));
      told(answer.kind === "ok" && answer.value === null ? "nothing" : fateOf(answer));
      if (answer.kind === "ok" && answer.value === null && known.deletes.length === 0 && found.record.valid) {
        world.fault(`inbound ${known.id}: it is gone, and nobody deleted it`);
      }
    });
  }

  function remove(): Promise<void> {
    return counted(async () => {
      const found = await find();
      if (found === null) return;
      const { caller, known } = found;
      const asked: KnownRecord["deletes"][number] = { fate: "unknown" };
      known.deletes.push(asked);
      const answer = await world.ask((engine) => engine.inbound.remove(caller, known.id));
      world.say(`delete inbound ${known.id}: ${summary(answer)}`);
      asked.fate = answer.kind === "ok" && !answer.value ? "nothing" : fateOf(answer);
    });
  }

  function look(): Promise<void> {
    return counted(async () => {
      const found = await find();
      if (found === null) return;
      const { caller, record, known } = found;
      const wrong = (what: string) => world.fault(`inbound ${record.id}: ${what}`);
      const stranger = callers.find(({ tenantSeq }) => tenantSeq !== caller.tenantSeq);
      if (stranger !== undefined && record.tenantSeq !== null) {
        const seen = await world.ask((engine) => engine.inbound.get(stranger, record.id));
        if (seen.kind === "ok" && seen.value !== null) wrong("a stranger sees it");
      }
      for (const eventId of record.eventIds) await lookFrom(caller, eventId, known, wrong);
    });
  }

  async function lookFrom(caller: Caller, eventId: Uuid, known: KnownRecord, wrong: (what: string) => void) {
    const origin = await world.ask((engine) => engine.inbound.originOf(caller, eventId));
    if (origin.kind !== "ok" || origin.value === known.id) return;
    if (origin.value !== null || known.deletes.length === 0) wrong(`event ${eventId} came from ${origin.value}`);
  }

  return { reprocess, reprocessAll, look, note, remove };
}
