/** Requests about stored records: reprocess, annotate, delete and read. */
import type { Uuid } from "../../../src/domain/ids.ts";
import type { Caller } from "../../../src/engine/access/caller.ts";
import type { ReprocessedOfSource } from "../../../src/engine/inbound/inbound-types.ts";
import type { Cursor, InboundRecord } from "../../../src/ports/store.ts";
import { type Answer, effectOf } from "../answers.ts";
import type { World } from "../machine.ts";
import type { Random } from "../random.ts";
import { createUncertain } from "../uncertain.ts";
import {
  isVerified,
  type KnownRecord,
  type KnownSource,
  type Message,
  numberIn,
  summary,
  versionAt,
} from "./inbound-model.ts";
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

type Kind = "reprocessed" | "failed" | "repeated" | "unknown";
class Actions implements InboundActions {
  readonly #world: InboundActionsOptions["world"];
  readonly #callers: InboundActionsOptions["callers"];
  readonly #random: InboundActionsOptions["random"];
  readonly #counted: InboundActionsOptions["counted"];
  readonly #repeat: InboundActionsOptions["repeat"];
  readonly #inbound: World["model"]["inbound"];

  constructor({ world, callers, random, counted, repeat }: InboundActionsOptions) {
    this.#world = world;
    this.#callers = callers;
    this.#random = random;
    this.#counted = counted;
    this.#repeat = repeat;
    this.#inbound = world.model.inbound;
  }

  /** Picks one of the latest records in a tenant's list. */
  async #find(): Promise<Found | null> {
    const caller = this.#random.pick(this.#callers);
    const kind = this.#random.pick(["pauseStatus", "pauseStatus", "any", null] as const);
    const valid = this.#random.pick([true, false, null]);
    const none = { sourceId: null, sourceName: null, eventType: null, direction: null, rejection: null };
    const nothing = { ...none, from: null, to: null };
    const page = await this.#world.ask((engine) => engine.inbound.list(caller, { ...nothing, kind, valid }, 0, 20));
    if (page.kind !== "ok" || page.value.rows.length === 0) return null;
    const { rows } = page.value;
    if (rows.some(({ receivedAt }, at) => receivedAt > (rows[at - 1]?.receivedAt ?? receivedAt))) {
      this.#world.fault("the list of records is not in order");
    }
    const { id } = this.#random.pick(rows);
    const answer = await this.#world.ask((engine) => engine.inbound.get(caller, id));
    if (answer.kind !== "ok") return null;
    const record = answer.value;
    if (record === null) {
      // The record was deleted or evicted by a flood after it was listed.
      return null;
    }
    const known = this.#remember(record);
    return known === null ? null : { caller, record, known };
  }

  #remember(record: InboundRecord): KnownRecord | null {
    const before = this.#inbound.records.get(record.id);
    if (before !== undefined) return before;
    const message = this.#inbound.messages[numberIn(Buffer.from(record.raw.body).toString()) ?? -1];
    if (message === undefined) {
      this.#world.fault(`inbound ${record.id}: no sender sent it`);
      return null;
    }
    const { id, seq, notes } = record;
    const known: KnownRecord = { id, seq, message, reprocesses: [], deletes: [], notes: createUncertain(notes) };
    this.#inbound.records.set(id, known);
    return known;
  }

  reprocess(): Promise<void> {
    return this.#counted(async () => {
      const found = await this.#find();
      if (found === null) return;
      // Two concurrent requests both take effect, but only one makes the record valid.
      if (this.#random.chance(0.3)) void this.#counted(() => this.#reprocessOne(found));
      await this.#reprocessOne(found);
      if (this.#random.chance(0.3)) void this.#repeat(found.known.message);
    });
  }

  async #reprocessOne({ caller, record, known }: Found): Promise<void> {
    const notes = this.#random.chance(0.2) ? this.#random.pick(NOTES) : undefined;
    const report = notes === undefined ? () => undefined : known.notes.change(notes);
    const asked: KnownRecord["reprocesses"][number] = { wasValid: record.valid, effect: "unknown", eventId: null };
    known.reprocesses.push(asked);
    const { source } = known.message;
    const process = this.#world.choose();
    const fromMs = process?.now() ?? 0;
    const firstVersion = versionAt(source, this.#world.knownSinceMs(process));
    const answer = await this.#world.ask((engine) => engine.inbound.reprocess(caller, record.id, notes), process);
    this.#world.say(`reprocess ${record.id}: ${summary(answer)}`);
    asked.effect = answer.kind === "ok" && answer.value.kind !== "reprocessed" ? "none" : effectOf(answer);
    report(asked.effect);
    if (answer.kind !== "ok") return;
    if (answer.value.kind === "reprocessed") asked.eventId = answer.value.eventId;
    const span = { fromMs, toMs: process?.now() ?? fromMs, firstVersion };
    const fault = this.#reprocessFault(answer.value.kind, record, known, span);
    if (fault !== null)
      this.#world.fault(`inbound ${record.id}: the answer to its reprocessing is ${answer.value.kind}, ${fault}`);
  }

  #reprocessFault(
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

  reprocessAll(source: KnownSource): Promise<void> {
    return this.#counted(async () => {
      source.bulkReprocesses += 1;
      let cursor: Cursor | null = null;
      do {
        const from: Cursor | null = cursor;
        const answer: Answer<ReprocessedOfSource | null> = await this.#world.ask((engine) =>
          engine.inbound.reprocessSource(source.caller, source.id, from),
        );
        if (answer.kind !== "ok") return;
        this.#world.say(`reprocess all of ${source.settings.name}: ${JSON.stringify(answer.value)}`);
        cursor = answer.value?.next ?? null;
      } while (cursor !== null);
      const own = this.#inbound.messages.filter((message) => message.source === source).slice(-LATEST_COUNT);
      for (const message of own) if (this.#random.chance(0.3)) void this.#repeat(message);
    });
  }

  note(): Promise<void> {
    return this.#counted(async () => {
      const found = await this.#find();
      if (found === null) return;
      const { caller, known } = found;
      const notes = this.#random.pick(NOTES);
      const report = known.notes.change(notes);
      const answer = await this.#world.ask((engine) => engine.inbound.note(caller, known.id, notes));
      report(answer.kind === "ok" && answer.value === null ? "none" : effectOf(answer));
      if (answer.kind === "ok" && answer.value === null && known.deletes.length === 0 && found.record.valid) {
        this.#world.fault(`inbound ${known.id}: it is missing, but nobody deleted it`);
      }
    });
  }

  remove(): Promise<void> {
    return this.#counted(async () => {
      const found = await this.#find();
      if (found === null) return;
      const { caller, known } = found;
      const asked: KnownRecord["deletes"][number] = { effect: "unknown" };
      known.deletes.push(asked);
      const answer = await this.#world.ask((engine) => engine.inbound.remove(caller, known.id));
      this.#world.say(`delete inbound ${known.id}: ${summary(answer)}`);
      asked.effect = answer.kind === "ok" && !answer.value ? "none" : effectOf(answer);
    });
  }

  inspect(): Promise<void> {
    return this.#counted(async () => {
      const found = await this.#find();
      if (found === null) return;
      const { caller, record, known } = found;
      const wrong = (what: string) => this.#world.fault(`inbound ${record.id}: ${what}`);
      const stranger = this.#callers.find(({ tenantSeq }) => tenantSeq !== caller.tenantSeq);
      if (stranger !== undefined && record.tenantSeq !== null) {
        const seen = await this.#world.ask((engine) => engine.inbound.get(stranger, record.id));
        if (seen.kind === "ok" && seen.value !== null) wrong("another tenant can read it");
      }
      for (const eventId of record.eventIds) await this.#checkOrigin(caller, eventId, known, wrong);
    });
  }

  async #checkOrigin(caller: Caller, eventId: Uuid, known: KnownRecord, wrong: (what: string) => void) {
    const origin = await this.#world.ask((engine) => engine.inbound.originOf(caller, eventId));
    if (origin.kind !== "ok" || origin.value === known.id) return;
    if (origin.value !== null || known.deletes.length === 0) wrong(`event ${eventId} has the origin ${origin.value}`);
  }
}

export function createInboundActions({
  world,
  callers,
  random,
  counted,
  repeat,
}: InboundActionsOptions): InboundActions {
  return new Actions({ world, callers, random, counted, repeat });
}
