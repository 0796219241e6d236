/**
 * What senders do: send, repeat unanswered messages, use wrong secrets, and forge signatures. Also changes of
 * sources.
 */
import type { Uuid } from "../../../src/domain/ids.ts";
import type { Scheme } from "../../../src/domain/inbound/source.ts";
import type { Caller } from "../../../src/engine/access/caller.ts";
import type { AnyOutput, PauseStatusOutput } from "../../../src/engine/inbound/inbound-types.ts";
import { type Answer, effectOf } from "../answers.ts";
import type { World } from "../machine.ts";
import { createRandom, pickWeighted, type Random } from "../random.ts";
import { createInboundActions, type InboundActions } from "./inbound-actions.ts";
import {
  changeSource,
  type Flaw,
  isCertainlyDeleted,
  isTransition,
  isVerified,
  type KnownSource,
  latestOf,
  type Message,
  type SendAttempt,
  type Span,
  summary,
  versionAt,
} from "./inbound-model.ts";
import { requestOf, settingsOf } from "./inbound-senders.ts";

export interface InboundWorkload {
  setUp(): Promise<void>;
  /** Plans messages, changes of sources and requests about records at random times. */
  plan(withinMs: number): void;
  /** The number of requests that are planned or unanswered. */
  readonly open: number;
}

const SCHEMES: readonly Scheme[] = ["jcs", "jcs", "hmac", "github", "basic", "none"];
const CHANGES = [
  ["active", "paused"],
  ["active", "paused"],
  ["paused", "active"],
  ["active", "gone"],
] as const;
const FLAWS: readonly Flaw[] = ["unknownSource", "unreadable", "fieldsInvalid"];
const ADDRESSES_COUNT = 12;
const RETRY_MS = 700;
/** Senders repeat a rejected message less often than an unanswered one. */
const REFUSED_REPEATS_MAX = 2;
const OVERLAPS_SECONDS = [0, 0, 5, 60, 86_400];
const UNKNOWN_ID = "00000000-0000-7000-8000-000000000001" as Uuid;

const SENDS_MAX = 60;
const ACTS_MAX = 50;
const BURSTS_MAX = 12;
const FLOOD_CHANCE = 0.1;
const FLOOD_SECONDS = 8;
const FLOOD_ADDRESSES_COUNT = 12;
const FLOOD_PER_ADDRESS_COUNT = 18;
const SECOND = 1000;
/** With fewer requests than this in a few seconds, the server must not limit the rate. */
const TRIES_MIN = 20;
/** A little less than the tolerance for timestamps, because the clock may jump while a request waits for a read. */
const FRESH_MS = 250_000;

interface AnswerCheck {
  readonly answer: PauseStatusOutput | AnyOutput;
  readonly secret: string | null;
  readonly span: Span;
  readonly isRepeat: boolean;
}

class Workload implements InboundWorkload {
  readonly #world: World;
  readonly #callers: readonly Caller[];
  readonly #timeline: World["timeline"];
  readonly #inbound: World["model"]["inbound"];
  // A separate random source, so that this workload does not change the rest of the simulation.
  readonly #random: Random;
  #open = 0;
  #secrets = 0;
  readonly #actions: InboundActions;

  constructor(world: World, callers: readonly Caller[]) {
    this.#world = world;
    this.#callers = callers;
    this.#timeline = world.timeline;
    this.#inbound = world.model.inbound;
    this.#random = createRandom(world.seed ^ 0x1b0d);
    this.#actions = createInboundActions({
      world,
      callers,
      random: this.#random,
      counted: (task) => this.#counted(task),
      repeat: (message) => this.#repeat(message),
    });
  }

  #wait(ms: number) {
    return new Promise<void>((resolve) => this.#timeline.after(ms, resolve));
  }

  #newSecret() {
    return `a source's secret ${++this.#secrets}`;
  }

  async #counted<T>(task: () => Promise<T>): Promise<T> {
    this.#open += 1;
    try {
      return await task();
    } finally {
      this.#open -= 1;
    }
  }

  // ── Sources ───────────────────────────────────────────────────────────────────────────────────────────────────────

  async #createSource(): Promise<void> {
    const caller = this.#random.pick(this.#callers);
    const scheme = this.#random.pick(SCHEMES);
    const settings = settingsOf(scheme, `source ${this.#secrets + 1}`);
    const secret = this.#newSecret();
    const input = { settings, secret: scheme === "none" ? null : secret };
    const answer = await this.#world.ask((engine) => engine.inbound.sources.create(caller, input));
    this.#world.say(`source ${settings.name} of ${scheme}: ${summary(answer)}`);
    if (answer.kind !== "ok" || answer.value.kind !== "created") return;
    const { id } = answer.value.source;
    const versions = [{ states: [{ isLive: true, secret, previous: null }], sinceMs: 0 }];
    this.#inbound.sources.push({
      id,
      caller,
      settings,
      versions,
      senderSecret: secret,
      isChanging: false,
      bulkReprocesses: 0,
    });
  }

  async #changing(source: KnownSource, change: () => Promise<void>): Promise<void> {
    if (source.isChanging) return;
    source.isChanging = true;
    await change();
    source.isChanging = false;
  }

  /** The senders switch to the new secret after a random delay, before or after the server does. */
  #informSenders(source: KnownSource, secret: string): void {
    this.#timeline.after(this.#random.between(0, this.#random.pick([4000, 4000, 40_000])), () => {
      source.senderSecret = secret;
    });
  }

  #rotate(source: KnownSource): Promise<void> {
    return this.#changing(source, async () => {
      const [secret, overlapSeconds] = [this.#newSecret(), this.#random.pick(OVERLAPS_SECONDS)];
      this.#informSenders(source, secret);
      const process = this.#world.choose();
      const fromMs = (process?.now() ?? 0) + overlapSeconds * SECOND;
      const rotated = (until: Pick<Span, "fromMs" | "toMs">) => (state: ReturnType<typeof latestOf>[number]) => ({
        ...state,
        secret,
        previous: { secret: state.secret, ...until },
      });
      // The end of the overlap is unknown until the answer, because the clock may jump meanwhile.
      const report = changeSource(source, this.#timeline, rotated({ fromMs, toMs: Number.POSITIVE_INFINITY }));
      const { caller, id } = source;
      const answer = await this.#world.ask(
        (engine) => engine.inbound.sources.rotate(caller, id, secret, overlapSeconds),
        process,
      );
      this.#world.say(`rotate ${source.settings.name}: ${summary(answer)}`);
      if (answer.kind === "ok" && answer.value.kind !== "rotated") report("none");
      else if (answer.kind === "ok" && answer.value.kind === "rotated") {
        const { previousUntil } = answer.value;
        report("applied", rotated({ fromMs: previousUntil, toMs: previousUntil }));
      } else report(effectOf(answer));
    });
  }

  /** The senders switch to a new secret. The server rejects their messages until its secret is replaced too. */
  async #changeSenderSecret(source: KnownSource): Promise<void> {
    source.senderSecret = this.#newSecret();
  }

  #replaceSecret(source: KnownSource): Promise<void> {
    return this.#changing(source, async () => {
      const secret = source.senderSecret === latestOf(source)[0]?.secret ? this.#newSecret() : source.senderSecret;
      if (secret !== source.senderSecret) this.#informSenders(source, secret);
      // If the secret is already the current one, the previous one stays valid too.
      const report = changeSource(source, this.#timeline, (state) => ({ ...state, secret, previous: null }));
      const { caller, id } = source;
      const answer = await this.#world.ask((engine) =>
        engine.inbound.sources.patch(caller, id, { settings: {}, secret }),
      );
      this.#world.say(`replace the secret of ${source.settings.name}: ${summary(answer)}`);
      report(answer.kind === "ok" && answer.value.kind !== "patched" ? "none" : effectOf(answer));
    });
  }

  #remove(source: KnownSource): Promise<void> {
    return this.#changing(source, async () => {
      const report = changeSource(source, this.#timeline, (state) => ({ ...state, isLive: false }));
      const { caller, id } = source;
      const answer = await this.#world.ask((engine) => engine.inbound.sources.remove(caller, id));
      this.#world.say(`delete ${source.settings.name}: ${summary(answer)}`);
      // An earlier request whose answer was lost may have deleted it.
      report(effectOf(answer));
      // Its senders do not know that it is deleted.
      for (let count = 1 + this.#random.below(3); count > 0; count -= 1)
        void this.#sendRepeatedly(this.#newMessage(source));
    });
  }

  // ── Send ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #newMessage(source: KnownSource, flaw: Flaw | null = null): Message {
    const { scheme } = source.settings;
    const isStatus = scheme === "jcs" && this.#random.chance(0.75);
    const [oldStatus, newStatus] = this.#random.pick(CHANGES);
    const message: Message = {
      number: this.#inbound.messages.length,
      source,
      route: isStatus || flaw === "unreadable" ? "status" : "any",
      flaw: flaw ?? (isStatus && this.#random.chance(0.12) ? this.#random.pick(FLAWS) : "none"),
      oldStatus,
      newStatus,
      isLossy: scheme === "jcs" && this.#random.chance(0.1),
      isDeduplicated: scheme === "github" ? this.#random.chance(0.7) : scheme !== "basic" && scheme !== "none",
      bodies: new Set(),
      attempts: [],
    };
    this.#inbound.messages.push(message);
    return message;
  }

  async #sendNew(): Promise<void> {
    const live = this.#inbound.sources.filter((source) => this.#random.chance(0.1) || !isCertainlyDeleted(source));
    if (live.length === 0) return this.#createSource();
    const message = this.#newMessage(this.#random.pick(live));
    // Two concurrent sends of one message create one record.
    if (this.#random.chance(0.25)) void this.#sendRepeatedly(message);
    await this.#sendRepeatedly(message);
    if (this.#random.chance(0.2))
      await this.#wait(this.#random.between(0, 20_000)).then(() => this.#sendRepeatedly(message));
  }

  #secretFor({ source }: Message): string | null {
    return this.#random.chance(0.9) ? source.senderSecret : this.#random.pick([null, "another secret"]);
  }

  #sendRepeatedly(message: Message, times = 0): Promise<void> {
    return this.#counted(async () => {
      const address = `192.0.2.${1 + this.#random.below(ADDRESSES_COUNT)}`;
      const attempt = await this.#sendOnce(message, this.#secretFor(message), address);
      const { effect } = attempt;
      const isHeard = effect === "fresh" || effect === "duplicate";
      if (isHeard || (effect === "stored" && (times >= REFUSED_REPEATS_MAX || this.#random.chance(0.5)))) return;
      // Like a real provider, the sender repeats the message, because the result is unknown.
      await this.#wait(RETRY_MS * (1 + times)).then(() => this.#sendRepeatedly(message, times + 1));
    });
  }

  async #sendOnce(message: Message, secret: string | null, address: string): Promise<SendAttempt> {
    const attempt: SendAttempt = { effect: "unknown", recordId: null, eventId: null };
    const isRepeat =
      message.isDeduplicated && message.attempts.some(({ effect }) => effect === "fresh" || effect === "duplicate");
    message.attempts.push(attempt);
    this.#inbound.triesMs.push(this.#timeline.nowMs);
    const process = this.#world.choose();
    const nowMs = process?.now() ?? 0;
    const request = requestOf({ random: this.#random, message, secret, address, nowMs });
    const firstVersion = versionAt(message.source, this.#world.knownSinceMs(process));
    const sourceId = message.flaw === "unknownSource" ? UNKNOWN_ID : message.source.id;
    const answer = await this.#world.ask<PauseStatusOutput | AnyOutput>(async (engine) => {
      if (!engine.inbound.mayTry(address, request.body.byteLength)) return { kind: "tooMany" };
      return message.route === "status"
        ? engine.inbound.receivePauseStatus(request)
        : engine.inbound.receiveAny(sourceId, request);
    }, process);
    const span = { fromMs: nowMs, toMs: process?.now() ?? nowMs, firstVersion };
    this.#world.say(`message ${message.number} from ${address}: ${summary(answer)}`);
    this.#recordAnswer(message, attempt, answer);
    if (answer.kind === "ok") this.#checkAnswer(message, { answer: answer.value, secret, span, isRepeat });
    return attempt;
  }

  #recordAnswer(message: Message, attempt: SendAttempt, answer: Answer<PauseStatusOutput | AnyOutput>): void {
    if (answer.kind !== "ok") {
      attempt.effect = answer.kind === "lost" ? "unknown" : "none";
      return;
    }
    const { value } = answer;
    if (value.kind === "received") {
      attempt.effect = value.duplicate ? "duplicate" : "fresh";
      attempt.recordId = value.id;
      attempt.eventId = "eventId" in value ? value.eventId : null;
      if ("direction" in value && value.notified !== isTransition(message)) {
        this.#world.fault(`message ${message.number}: notified is ${value.notified}`);
      }
    } else attempt.effect = value.kind === "tooMany" ? "none" : "stored";
  }

  #checkAnswer(message: Message, { answer, secret, span, isRepeat }: AnswerCheck): void {
    const wrong = (what: string) => this.#world.fault(`message ${message.number} got ${answer.kind}: ${what}`);
    const verified = message.flaw === "unknownSource" ? "no" : isVerified(message.source, secret, span);
    if (answer.kind === "tooMany") {
      if ((this.#inbound.triesMs.at(-TRIES_MIN) ?? 0) < this.#timeline.nowMs - 3 * SECOND)
        wrong("there were too few requests for a rate limit");
      return;
    }
    const expected = expectedKinds(message, span, verified);
    if (!expected.includes(answer.kind)) wrong(`expected ${expected}, its verification is ${verified}`);
    if (answer.kind === "received" && isRepeat && !answer.duplicate) wrong("it is a repeat but was accepted as new");
  }

  async #flood(): Promise<void> {
    const signing = this.#inbound.sources.filter(({ settings }) => settings.scheme !== "none");
    const source = this.#random.chance(0.5) && signing.length > 0 ? this.#random.pick(signing) : null;
    const known = source ?? this.#inbound.sources[0];
    if (known === undefined) return;
    const message = this.#newMessage(known, source === null ? "unknownSource" : null);
    this.#world.say(`a flood of forged messages to ${source?.settings.name ?? "an unknown source"}`);
    for (let second = 0; second < FLOOD_SECONDS; second += 1) {
      for (let count = 0; count < FLOOD_ADDRESSES_COUNT * FLOOD_PER_ADDRESS_COUNT; count += 1) {
        void this.#counted(() => this.#sendOnce(message, null, `198.51.100.${count % FLOOD_ADDRESSES_COUNT}`));
      }
      await this.#wait(SECOND);
    }
  }

  // ── Plan ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #repeat(message: Message) {
    return this.#wait(this.#random.between(0, RETRY_MS)).then(() => this.#sendRepeatedly(message));
  }

  async #act(): Promise<void> {
    const live = this.#inbound.sources.filter((source) => !isCertainlyDeleted(source));
    const source = live.length === 0 ? null : this.#random.pick(live);
    if (source === null) return this.#createSource();
    const acts: readonly [number, () => Promise<unknown>][] = [
      [6, () => this.#rotate(source)],
      [8, () => this.#changeSenderSecret(source)],
      [14, () => this.#replaceSecret(source)],
      [2, () => this.#remove(source)],
      [4, () => this.#createSource()],
      [16, () => this.#actions.reprocess()],
      [12, () => this.#actions.reprocessAll(source)],
      [10, () => this.#actions.inspect()],
      [6, () => this.#actions.note()],
      [6, () => this.#actions.remove()],
    ];
    await pickWeighted(this.#random, acts)();
  }

  plan(withinMs: number): void {
    const at = (task: () => Promise<void>) =>
      this.#timeline.after(this.#random.between(0, withinMs), () => void task());
    const often = (most: number) => (this.#random.chance(0.3) ? 0 : this.#random.below(most));
    for (let count = often(SENDS_MAX); count > 0; count -= 1) at(() => this.#sendNew());
    for (let count = often(ACTS_MAX); count > 0; count -= 1) at(() => this.#act());
    for (let count = often(BURSTS_MAX); count > 0; count -= 1) at(() => this.#burst());
    if (this.#random.chance(FLOOD_CHANCE)) at(() => this.#flood());
  }

  /** Many requests within a few commits, so that one changes what another has just read. */
  async #burst(): Promise<void> {
    const soon = (task: () => Promise<void>) => this.#timeline.after(this.#random.between(0, 40), () => void task());
    for (let count = 1 + this.#random.below(6); count > 0; count -= 1) soon(() => this.#sendNew());
    for (let count = this.#random.below(6); count > 0; count -= 1) soon(() => this.#act());
  }

  async setUp() {
    for (let count = 1 + this.#random.below(3); count > 0; count -= 1) await this.#createSource();
  }

  get open() {
    return this.#open;
  }
}

export function createInboundWorkload(world: World, callers: readonly Caller[]): InboundWorkload {
  return new Workload(world, callers);
}

const UNCERTAIN_KINDS = ["received", "invalid", "unauthorized", "unreadable"];

/** The possible answers. There are several if it is unknown which secrets are valid. */
function expectedKinds(
  { flaw, source, isLossy }: Message,
  span: Span,
  verified: ReturnType<typeof isVerified>,
): string[] {
  if (flaw === "unreadable") return ["unreadable"];
  // If the header contains no valid signature, the server tries the body's canonical form, which a lossy body lacks.
  if (verified === "no") return isLossy ? ["unauthorized", "unreadable"] : ["unauthorized"];
  if (verified === "maybe" || (source.settings.hmac !== null && span.toMs - span.fromMs > FRESH_MS))
    return UNCERTAIN_KINDS;
  return [flaw === "fieldsInvalid" ? "invalid" : "received"];
}
