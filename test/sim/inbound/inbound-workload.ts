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
import { createRandom, pickWeighted } from "../random.ts";
import { createInboundActions } from "./inbound-actions.ts";
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

export function createInboundWorkload(world: World, callers: readonly Caller[]): InboundWorkload {
  const { timeline, model } = world;
  const { inbound } = model;
  // A separate random source, so that this workload does not change the rest of the simulation.
  const random = createRandom(world.seed ^ 0x1b0d);
  let open = 0;
  let secrets = 0;

  const wait = (ms: number) => new Promise<void>((resolve) => timeline.after(ms, resolve));
  const newSecret = () => `a source's secret ${++secrets}`;

  async function counted<T>(task: () => Promise<T>): Promise<T> {
    open += 1;
    try {
      return await task();
    } finally {
      open -= 1;
    }
  }

  // ── Sources ───────────────────────────────────────────────────────────────────────────────────────────────────────

  async function createSource(): Promise<void> {
    const caller = random.pick(callers);
    const scheme = random.pick(SCHEMES);
    const settings = settingsOf(scheme, `source ${secrets + 1}`);
    const secret = newSecret();
    const input = { settings, secret: scheme === "none" ? null : secret };
    const answer = await world.ask((engine) => engine.inbound.sources.create(caller, input));
    world.say(`source ${settings.name} of ${scheme}: ${summary(answer)}`);
    if (answer.kind !== "ok" || answer.value.kind !== "created") return;
    const { id } = answer.value.source;
    const versions = [[{ isLive: true, secret, previous: null }]];
    inbound.sources.push({
      id,
      caller,
      settings,
      versions,
      senderSecret: secret,
      isChanging: false,
      bulkReprocesses: 0,
    });
  }

  async function changing(source: KnownSource, change: () => Promise<void>): Promise<void> {
    if (source.isChanging) return;
    source.isChanging = true;
    await change();
    source.isChanging = false;
  }

  /** The senders switch to the new secret after a random delay, before or after the server does. */
  function informSenders(source: KnownSource, secret: string): void {
    timeline.after(random.between(0, random.pick([4000, 4000, 40_000])), () => {
      source.senderSecret = secret;
    });
  }

  function rotate(source: KnownSource): Promise<void> {
    return changing(source, async () => {
      const [secret, overlapSeconds] = [newSecret(), random.pick(OVERLAPS_SECONDS)];
      informSenders(source, secret);
      const fromMs = (world.process?.now() ?? 0) + overlapSeconds * SECOND;
      const rotated = (until: Pick<Span, "fromMs" | "toMs">) => (state: ReturnType<typeof latestOf>[number]) => ({
        ...state,
        secret,
        previous: { secret: state.secret, ...until },
      });
      // The end of the overlap is unknown until the answer, because the clock may jump meanwhile.
      const report = changeSource(source, rotated({ fromMs, toMs: Number.POSITIVE_INFINITY }));
      const { caller, id } = source;
      const answer = await world.ask((engine) => engine.inbound.sources.rotate(caller, id, secret, overlapSeconds));
      world.say(`rotate ${source.settings.name}: ${summary(answer)}`);
      if (answer.kind === "ok" && answer.value.kind !== "rotated") report("none");
      else if (answer.kind === "ok" && answer.value.kind === "rotated") {
        const { previousUntil } = answer.value;
        report("applied", rotated({ fromMs: previousUntil, toMs: previousUntil }));
      } else report(effectOf(answer));
    });
  }

  /** The senders switch to a new secret. The server rejects their messages until its secret is replaced too. */
  async function changeSenderSecret(source: KnownSource): Promise<void> {
    source.senderSecret = newSecret();
  }

  function replaceSecret(source: KnownSource): Promise<void> {
    return changing(source, async () => {
      const secret = source.senderSecret === latestOf(source)[0]?.secret ? newSecret() : source.senderSecret;
      if (secret !== source.senderSecret) informSenders(source, secret);
      // If the secret is already the current one, the previous one stays valid too.
      const report = changeSource(source, (state) => ({ ...state, secret, previous: null }));
      const { caller, id } = source;
      const answer = await world.ask((engine) => engine.inbound.sources.patch(caller, id, { settings: {}, secret }));
      world.say(`replace the secret of ${source.settings.name}: ${summary(answer)}`);
      report(answer.kind === "ok" && answer.value.kind !== "patched" ? "none" : effectOf(answer));
    });
  }

  function remove(source: KnownSource): Promise<void> {
    return changing(source, async () => {
      const report = changeSource(source, (state) => ({ ...state, isLive: false }));
      const { caller, id } = source;
      const answer = await world.ask((engine) => engine.inbound.sources.remove(caller, id));
      world.say(`delete ${source.settings.name}: ${summary(answer)}`);
      // An earlier request whose answer was lost may have deleted it.
      report(effectOf(answer));
      // Its senders do not know that it is deleted.
      for (let count = 1 + random.below(3); count > 0; count -= 1) void sendRepeatedly(newMessage(source));
    });
  }

  // ── Send ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  function newMessage(source: KnownSource, flaw: Flaw | null = null): Message {
    const { scheme } = source.settings;
    const isStatus = scheme === "jcs" && random.chance(0.75);
    const [oldStatus, newStatus] = random.pick(CHANGES);
    const message: Message = {
      number: inbound.messages.length,
      source,
      route: isStatus || flaw === "unreadable" ? "status" : "any",
      flaw: flaw ?? (isStatus && random.chance(0.12) ? random.pick(FLAWS) : "none"),
      oldStatus,
      newStatus,
      isLossy: scheme === "jcs" && random.chance(0.1),
      isDeduplicated: scheme === "github" ? random.chance(0.7) : scheme !== "basic" && scheme !== "none",
      bodies: new Set(),
      attempts: [],
    };
    inbound.messages.push(message);
    return message;
  }

  async function sendNew(): Promise<void> {
    const live = inbound.sources.filter((source) => random.chance(0.1) || !isCertainlyDeleted(source));
    if (live.length === 0) return createSource();
    const message = newMessage(random.pick(live));
    // Two concurrent sends of one message create one record.
    if (random.chance(0.25)) void sendRepeatedly(message);
    await sendRepeatedly(message);
    if (random.chance(0.2)) await wait(random.between(0, 20_000)).then(() => sendRepeatedly(message));
  }

  function secretFor({ source }: Message): string | null {
    return random.chance(0.9) ? source.senderSecret : random.pick([null, "another secret"]);
  }

  function sendRepeatedly(message: Message, times = 0): Promise<void> {
    return counted(async () => {
      const address = `192.0.2.${1 + random.below(ADDRESSES_COUNT)}`;
      const attempt = await sendOnce(message, secretFor(message), address);
      const { effect } = attempt;
      const isHeard = effect === "fresh" || effect === "duplicate";
      if (isHeard || (effect === "stored" && (times >= REFUSED_REPEATS_MAX || random.chance(0.5)))) return;
      // Like a real provider, the sender repeats the message, because the result is unknown.
      await wait(RETRY_MS * (1 + times)).then(() => sendRepeatedly(message, times + 1));
    });
  }

  async function sendOnce(message: Message, secret: string | null, address: string): Promise<SendAttempt> {
    const attempt: SendAttempt = { effect: "unknown", recordId: null, eventId: null };
    const isRepeat =
      message.isDeduplicated && message.attempts.some(({ effect }) => effect === "fresh" || effect === "duplicate");
    message.attempts.push(attempt);
    inbound.triesMs.push(timeline.nowMs);
    const nowMs = world.process?.now() ?? 0;
    const request = requestOf({ random, message, secret, address, nowMs });
    const firstVersion = message.source.versions.length - 1;
    const sourceId = message.flaw === "unknownSource" ? UNKNOWN_ID : message.source.id;
    const answer = await world.ask<PauseStatusOutput | AnyOutput>(async (engine) => {
      if (!engine.inbound.mayTry(address, request.body.byteLength)) return { kind: "tooMany" };
      return message.route === "status"
        ? engine.inbound.receivePauseStatus(request)
        : engine.inbound.receiveAny(sourceId, request);
    });
    const span = { fromMs: nowMs, toMs: world.process?.now() ?? nowMs, firstVersion };
    world.say(`message ${message.number} from ${address}: ${summary(answer)}`);
    recordAnswer(message, attempt, answer);
    if (answer.kind === "ok") checkAnswer(message, { answer: answer.value, secret, span, isRepeat });
    return attempt;
  }

  function recordAnswer(message: Message, attempt: SendAttempt, answer: Answer<PauseStatusOutput | AnyOutput>): void {
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
        world.fault(`message ${message.number}: notified is ${value.notified}`);
      }
    } else attempt.effect = value.kind === "tooMany" ? "none" : "stored";
  }

  interface AnswerCheck {
    readonly answer: PauseStatusOutput | AnyOutput;
    readonly secret: string | null;
    readonly span: Span;
    readonly isRepeat: boolean;
  }

  function checkAnswer(message: Message, { answer, secret, span, isRepeat }: AnswerCheck): void {
    const wrong = (what: string) => world.fault(`message ${message.number} got ${answer.kind}: ${what}`);
    const verified = message.flaw === "unknownSource" ? "no" : isVerified(message.source, secret, span);
    if (answer.kind === "tooMany") {
      if ((inbound.triesMs.at(-TRIES_MIN) ?? 0) < timeline.nowMs - 3 * SECOND)
        wrong("there were too few requests for a rate limit");
      return;
    }
    const expected = expectedKinds(message, span, verified);
    if (!expected.includes(answer.kind)) wrong(`expected ${expected}, its verification is ${verified}`);
    if (answer.kind === "received" && isRepeat && !answer.duplicate) wrong("it is a repeat but was accepted as new");
  }

  async function flood(): Promise<void> {
    const signing = inbound.sources.filter(({ settings }) => settings.scheme !== "none");
    const source = random.chance(0.5) && signing.length > 0 ? random.pick(signing) : null;
    const known = source ?? inbound.sources[0];
    if (known === undefined) return;
    const message = newMessage(known, source === null ? "unknownSource" : null);
    world.say(`a flood of forged messages to ${source?.settings.name ?? "an unknown source"}`);
    for (let second = 0; second < FLOOD_SECONDS; second += 1) {
      for (let count = 0; count < FLOOD_ADDRESSES_COUNT * FLOOD_PER_ADDRESS_COUNT; count += 1) {
        void counted(() => sendOnce(message, null, `198.51.100.${count % FLOOD_ADDRESSES_COUNT}`));
      }
      await wait(SECOND);
    }
  }

  // ── Plan ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  const repeat = (message: Message) => wait(random.between(0, RETRY_MS)).then(() => sendRepeatedly(message));
  const actions = createInboundActions({ world, callers, random, counted, repeat });

  async function act(): Promise<void> {
    const live = inbound.sources.filter((source) => !isCertainlyDeleted(source));
    const source = live.length === 0 ? null : random.pick(live);
    if (source === null) return createSource();
    const acts: readonly [number, () => Promise<unknown>][] = [
      [6, () => rotate(source)],
      [8, () => changeSenderSecret(source)],
      [14, () => replaceSecret(source)],
      [2, () => remove(source)],
      [4, createSource],
      [16, () => actions.reprocess()],
      [12, () => actions.reprocessAll(source)],
      [10, () => actions.inspect()],
      [6, () => actions.note()],
      [6, () => actions.remove()],
    ];
    await pickWeighted(random, acts)();
  }

  function plan(withinMs: number): void {
    const at = (task: () => Promise<void>) => timeline.after(random.between(0, withinMs), () => void task());
    const often = (most: number) => (random.chance(0.3) ? 0 : random.below(most));
    for (let count = often(SENDS_MAX); count > 0; count -= 1) at(sendNew);
    for (let count = often(ACTS_MAX); count > 0; count -= 1) at(act);
    for (let count = often(BURSTS_MAX); count > 0; count -= 1) at(burst);
    if (random.chance(FLOOD_CHANCE)) at(flood);
  }

  /** Many requests within a few commits, so that one changes what another has just read. */
  async function burst(): Promise<void> {
    const soon = (task: () => Promise<void>) => timeline.after(random.between(0, 40), () => void task());
    for (let count = 1 + random.below(6); count > 0; count -= 1) soon(sendNew);
    for (let count = random.below(6); count > 0; count -= 1) soon(act);
  }

  return {
    async setUp() {
      for (let count = 1 + random.below(3); count > 0; count -= 1) await createSource();
    },
    plan,
    get open() {
      return open;
    },
  };
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
