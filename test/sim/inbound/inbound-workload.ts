/** What senders do: tell, repeat what nobody answered, sign with the wrong secret, forge; and how sources change. */
import type { Uuid } from "../../../src/domain/ids.ts";
import type { Scheme } from "../../../src/domain/inbound/source.ts";
import type { Caller } from "../../../src/engine/engine-types.ts";
import type { AnyAnswer, PauseStatusAnswer } from "../../../src/engine/inbound/inbound-service.ts";
import { type Answer, fateOf } from "../fate.ts";
import type { World } from "../machine.ts";
import { createRandom, pickWeighted } from "../random.ts";
import { createInboundDeeds } from "./inbound-deeds.ts";
import {
  changeSource,
  type Flaw,
  isBelieved,
  isSurelyGone,
  isTransition,
  type KnownSource,
  latestOf,
  type Span,
  summary,
  type Told,
  type Utterance,
} from "./inbound-model.ts";
import { requestOf, settingsOf } from "./inbound-senders.ts";

export interface InboundWorkload {
  setUp(): Promise<void>;
  /** Let things be sent, and done with sources and what came, at random times. */
  plan(withinMs: number): void;
  /** How many have asked, or are going to, and are not answered yet. */
  readonly open: number;
}

const SCHEMES: readonly Scheme[] = ["jcs", "jcs", "hmac", "github", "basic", "none"];
const CHANGES = [
  ["active", "paused"],
  ["active", "paused"],
  ["paused", "active"],
  ["active", "gone"],
] as const;
const FLAWS: readonly Flaw[] = ["nobody", "unreadable", "fieldsInvalid"];
const ADDRESSES_COUNT = 12;
const RETRY_MS = 700;
/** Senders give up on what is refused sooner than on what is not answered. */
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
/** Fewer tries than this in a while, and nobody is turned away. */
const TRIES_MIN = 20;
/** Signed timestamps hold a little longer: while a request waits for a read, the clock may jump. */
const FRESH_MS = 250_000;

export function createInboundWorkload(world: World, callers: readonly Caller[]): InboundWorkload {
  const { timeline, model } = world;
  const { inbound } = model;
  // Of its own: what happens besides is the same with and without it.
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
    inbound.sources.push({ id, caller, settings, versions, senderSecret: secret, isChanging: false, bulks: 0 });
  }

  async function changing(source: KnownSource, change: () => Promise<void>): Promise<void> {
    if (source.isChanging) return;
    source.isChanging = true;
    await change();
    source.isChanging = false;
  }

  /** Senders learn the new secret before the server does, or after. */
  function newsOf(source: KnownSource, secret: string): void {
    timeline.after(random.between(0, random.pick([4000, 4000, 40_000])), () => {
      source.senderSecret = secret;
    });
  }

  function rotate(source: KnownSource): Promise<void> {
    return changing(source, async () => {
      const [secret, overlapSeconds] = [newSecret(), random.pick(OVERLAPS_SECONDS)];
      newsOf(source, secret);
      const fromMs = (world.process?.now() ?? 0) + overlapSeconds * SECOND;
      const rotated = (until: Pick<Span, "fromMs" | "toMs">) => (state: ReturnType<typeof latestOf>[number]) => ({
        ...state,
        secret,
        previous: { secret: state.secret, ...until },
      });
      // Whatever the clock does meanwhile: nobody knows until when, before it is answered.
      const told = changeSource(source, rotated({ fromMs, toMs: Number.POSITIVE_INFINITY }));
      const { caller, id } = source;
      const answer = await world.ask((engine) => engine.inbound.sources.rotate(caller, id, secret, overlapSeconds));
      world.say(`rotate ${source.settings.name}: ${summary(answer)}`);
      if (answer.kind === "ok" && answer.value.kind !== "rotated") told("nothing");
      else if (answer.kind === "ok" && answer.value.kind === "rotated") {
        const { previousUntil } = answer.value;
        told("done", rotated({ fromMs: previousUntil, toMs: previousUntil }));
      } else told(fateOf(answer));
    });
  }

  /** Nobody has told the server: everything is refused until somebody replaces the secret there. */
  async function getAhead(source: KnownSource): Promise<void> {
    source.senderSecret = newSecret();
  }

  function replaceSecret(source: KnownSource): Promise<void> {
    return changing(source, async () => {
      const secret = source.senderSecret === latestOf(source)[0]?.secret ? newSecret() : source.senderSecret;
      if (secret !== source.senderSecret) newsOf(source, secret);
      // What is the present one already stays beside the one before.
      const told = changeSource(source, (state) => ({ ...state, secret, previous: null }));
      const { caller, id } = source;
      const answer = await world.ask((engine) => engine.inbound.sources.patch(caller, id, { settings: {}, secret }));
      world.say(`replace the secret of ${source.settings.name}: ${summary(answer)}`);
      told(answer.kind === "ok" && answer.value.kind !== "patched" ? "nothing" : fateOf(answer));
    });
  }

  function remove(source: KnownSource): Promise<void> {
    return changing(source, async () => {
      const told = changeSource(source, (state) => ({ ...state, isLive: false }));
      const { caller, id } = source;
      const answer = await world.ask((engine) => engine.inbound.sources.remove(caller, id));
      world.say(`delete ${source.settings.name}: ${summary(answer)}`);
      // It may be that a request whose answer was lost did it.
      told(fateOf(answer));
      // Its senders know nothing of it.
      for (let count = 1 + random.below(3); count > 0; count -= 1) void utter(newTold(source));
    });
  }

  // ── Tell ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  function newTold(source: KnownSource, flaw: Flaw | null = null): Told {
    const { scheme } = source.settings;
    const isStatus = scheme === "jcs" && random.chance(0.75);
    const [oldStatus, newStatus] = random.pick(CHANGES);
    const told: Told = {
      number: inbound.told.length,
      source,
      route: isStatus || flaw === "unreadable" ? "status" : "any",
      flaw: flaw ?? (isStatus && random.chance(0.12) ? random.pick(FLAWS) : "none"),
      oldStatus,
      newStatus,
      isLossy: scheme === "jcs" && random.chance(0.1),
      isTellable: scheme === "github" ? random.chance(0.7) : scheme !== "basic" && scheme !== "none",
      bodies: new Set(),
      utterances: [],
    };
    inbound.told.push(told);
    return told;
  }

  async function send(): Promise<void> {
    const live = inbound.sources.filter((source) => random.chance(0.1) || !isSurelyGone(source));
    if (live.length === 0) return createSource();
    const told = newTold(random.pick(live));
    // Two at once make one.
    if (random.chance(0.25)) void utter(told);
    await utter(told);
    if (random.chance(0.2)) await wait(random.between(0, 20_000)).then(() => utter(told));
  }

  function secretFor({ source }: Told): string | null {
    return random.chance(0.9) ? source.senderSecret : random.pick([null, "another secret"]);
  }

  function utter(told: Told, times = 0): Promise<void> {
    return counted(async () => {
      const address = `192.0.2.${1 + random.below(ADDRESSES_COUNT)}`;
      const utterance = await tell(told, secretFor(told), address);
      const { fate } = utterance;
      const isHeard = fate === "fresh" || fate === "duplicate";
      if (isHeard || (fate === "kept" && (times >= REFUSED_REPEATS_MAX || random.chance(0.5)))) return;
      // As providers do: nobody knows whether it was taken, so it is sent again.
      await wait(RETRY_MS * (1 + times)).then(() => utter(told, times + 1));
    });
  }

  async function tell(told: Told, secret: string | null, address: string): Promise<Utterance> {
    const utterance: Utterance = { fate: "unknown", recordId: null, eventId: null };
    const isRepeat = told.isTellable && told.utterances.some(({ fate }) => fate === "fresh" || fate === "duplicate");
    told.utterances.push(utterance);
    inbound.triesMs.push(timeline.nowMs);
    const nowMs = world.process?.now() ?? 0;
    const request = requestOf({ random, told, secret, address, nowMs });
    const firstVersion = told.source.versions.length - 1;
    const sourceId = told.flaw === "nobody" ? UNKNOWN_ID : told.source.id;
    const answer = await world.ask<PauseStatusAnswer | AnyAnswer>(async (engine) => {
      if (!engine.inbound.mayTry(address, request.body.byteLength)) return { kind: "tooMany" };
      return told.route === "status"
        ? engine.inbound.receivePauseStatus(request)
        : engine.inbound.receiveAny(sourceId, request);
    });
    const span = { fromMs: nowMs, toMs: world.process?.now() ?? nowMs, firstVersion };
    world.say(`tell ${told.number} from ${address}: ${summary(answer)}`);
    heard(told, utterance, answer);
    if (answer.kind === "ok") checkAnswer(told, { answer: answer.value, secret, span, isRepeat });
    return utterance;
  }

  function heard(told: Told, utterance: Utterance, answer: Answer<PauseStatusAnswer | AnyAnswer>): void {
    if (answer.kind !== "ok") {
      utterance.fate = answer.kind === "lost" ? "unknown" : "nothing";
      return;
    }
    const { value } = answer;
    if (value.kind === "received") {
      utterance.fate = value.duplicate ? "duplicate" : "fresh";
      utterance.recordId = value.id;
      utterance.eventId = "eventId" in value ? value.eventId : null;
      if ("direction" in value && value.notified !== isTransition(told)) {
        world.fault(`tell ${told.number}: notified is ${value.notified}`);
      }
    } else utterance.fate = value.kind === "tooMany" ? "nothing" : "kept";
  }

  interface Heard {
    readonly answer: PauseStatusAnswer | AnyAnswer;
    readonly secret: string | null;
    readonly span: Span;
    readonly isRepeat: boolean;
  }

  function checkAnswer(told: Told, { answer, secret, span, isRepeat }: Heard): void {
    const wrong = (what: string) => world.fault(`tell ${told.number} got ${answer.kind}: ${what}`);
    const believed = told.flaw === "nobody" ? "no" : isBelieved(told.source, secret, span);
    if (answer.kind === "tooMany") {
      if ((inbound.triesMs.at(-TRIES_MIN) ?? 0) < timeline.nowMs - 3 * SECOND) wrong("hardly anything was tried");
      return;
    }
    const due = dueKinds(told, span, believed);
    if (!due.includes(answer.kind)) wrong(`should be ${due}, its secret being believed: ${believed}`);
    if (answer.kind === "received" && isRepeat && !answer.duplicate) wrong("it is a repeat, and taken as new");
  }

  async function flood(): Promise<void> {
    const signing = inbound.sources.filter(({ settings }) => settings.scheme !== "none");
    const source = random.chance(0.5) && signing.length > 0 ? random.pick(signing) : null;
    const known = source ?? inbound.sources[0];
    if (known === undefined) return;
    const told = newTold(known, source === null ? "nobody" : null);
    world.say(`a flood of forged ones to ${source?.settings.name ?? "nobody"}`);
    for (let second = 0; second < FLOOD_SECONDS; second += 1) {
      for (let count = 0; count < FLOOD_ADDRESSES_COUNT * FLOOD_PER_ADDRESS_COUNT; count += 1) {
        void counted(() => tell(told, null, `198.51.100.${count % FLOOD_ADDRESSES_COUNT}`));
      }
      await wait(SECOND);
    }
  }

  // ── Everything ────────────────────────────────────────────────────────────────────────────────────────────────────

  const repeat = (told: Told) => wait(random.between(0, RETRY_MS)).then(() => utter(told));
  const deeds = createInboundDeeds({ world, callers, random, counted, repeat });

  async function act(): Promise<void> {
    const live = inbound.sources.filter((source) => !isSurelyGone(source));
    const source = live.length === 0 ? null : random.pick(live);
    if (source === null) return createSource();
    const acts: readonly [number, () => Promise<unknown>][] = [
      [6, () => rotate(source)],
      [8, () => getAhead(source)],
      [14, () => replaceSecret(source)],
      [2, () => remove(source)],
      [4, createSource],
      [16, () => deeds.reprocess()],
      [12, () => deeds.reprocessAll(source)],
      [10, () => deeds.look()],
      [6, () => deeds.note()],
      [6, () => deeds.remove()],
    ];
    await pickWeighted(random, acts)();
  }

  function plan(withinMs: number): void {
    const at = (task: () => Promise<void>) => timeline.after(random.between(0, withinMs), () => void task());
    const often = (most: number) => (random.chance(0.3) ? 0 : random.below(most));
    for (let count = often(SENDS_MAX); count > 0; count -= 1) at(send);
    for (let count = often(ACTS_MAX); count > 0; count -= 1) at(act);
    for (let count = often(BURSTS_MAX); count > 0; count -= 1) at(burst);
    if (random.chance(FLOOD_CHANCE)) at(flood);
  }

  /** Much within a few commits: what one of them changes, another has just read. */
  async function burst(): Promise<void> {
    const soon = (task: () => Promise<void>) => timeline.after(random.between(0, 40), () => void task());
    for (let count = 1 + random.below(6); count > 0; count -= 1) soon(send);
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

const UNTOLD = ["received", "invalid", "unauthorized", "unreadable"];

/** What may be answered: several where it is not known which secrets hold. */
function dueKinds({ flaw, source, isLossy }: Told, span: Span, believed: ReturnType<typeof isBelieved>): string[] {
  if (flaw === "unreadable") return ["unreadable"];
  // With a header that is none, the body itself is looked at: it has no canonical form.
  if (believed === "no") return isLossy ? ["unauthorized", "unreadable"] : ["unauthorized"];
  if (believed === "maybe" || (source.settings.hmac !== null && span.toMs - span.fromMs > FRESH_MS)) return UNTOLD;
  return [flaw === "fieldsInvalid" ? "invalid" : "received"];
}
