/** What developers and people do with human pauses: ask, answer, change their mind, look, wait, all at the wrong moment. */
import type { Recipient } from "../../../src/domain/pauses/pause.ts";
import type { Caller } from "../../../src/engine/engine-types.ts";
import type { CreatePauseAnswer, CreatePauseInput, PauseView } from "../../../src/engine/pauses/pause-service.ts";
import { fateOf } from "../fate.ts";
import type { World } from "../machine.ts";
import { KEYS_FORGOTTEN_MS } from "../model.ts";
import { pickWeighted } from "../random.ts";
import { createPauseDeeds, RETRY_MS } from "./pause-deeds.ts";
import { type KnownPause, messageOf, type PauseAsk } from "./pause-model.ts";
import { CONFIGURED, REFUSED_ADDRESS } from "./people.ts";

export interface PauseWorkload {
  create(): Promise<void>;
  /** Do one thing with some pause. */
  act(): Promise<void>;
  /** How many have asked, or are going to, and are not answered yet. */
  readonly open: number;
}

/** Some end while everything happens, some only when the wall clock jumps, some never. */
const SHORT_SECONDS = [1, 1, 2, 3, 5, 10, 20, 60, 120];
const LONG_SECONDS = [3600, 4 * 3600, 86_400, 6 * 86_400, 60 * 86_400];
const OPTIONS = ["yes", "no", "later", "é\u0000\"'", "never"];
const WAIT_MS = 30_000;
const METADATA = [null, null, '{"order": 17.0}', '{"a":{"b":[1,2]},"":null}'];

export function createPauseWorkload(world: World, callers: readonly Caller[]): PauseWorkload {
  const { model, random, timeline, pauseWatch } = world;
  const known: KnownPause[] = [];
  let open = 0;

  const wait = (ms: number) => new Promise<void>((resolve) => timeline.after(ms, resolve));

  async function counted<T>(task: () => Promise<T>): Promise<T> {
    open += 1;
    try {
      return await task();
    } finally {
      open -= 1;
    }
  }

  function shown(caller: Caller, view: PauseView): KnownPause | null {
    const isNew = !model.pauses.has(view.pause.id);
    const pause = pauseWatch.learn(caller, view);
    if (isNew && pause !== null) known.push(pause);
    return pause;
  }

  // ── Ask ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  function makeAsk(caller: Caller, idempotencyKey: string | null): PauseAsk {
    const number = model.pauseAsks.length;
    const options = OPTIONS.slice(0, 2 + random.below(4));
    const input: CreatePauseInput = {
      question: {
        message: messageOf(number),
        options,
        allowTextResponse: random.chance(0.5),
        timeoutDefault: random.chance(0.5) ? random.pick(options) : null,
        metadata: random.pick(METADATA),
      },
      recipient: random.chance(0.6) ? recipientFor(number) : null,
      expiresInSeconds: random.pick(random.chance(0.8) ? SHORT_SECONDS : LONG_SECONDS),
      idempotencyKey,
    };
    const test = random.chance(0.1);
    const ask: PauseAsk = {
      number,
      caller: { ...caller, actor: { ...caller.actor, test } },
      input,
      fates: [],
      id: null,
    };
    model.pauseAsks.push(ask);
    return ask;
  }

  function recipientFor(number: number): Recipient {
    const name = random.chance(0.05) ? REFUSED_ADDRESS : "ana";
    return {
      channel: random.pick(["email", "email", "slack", "slack", "sms"]),
      address: `${name}${number}@example.com`,
    };
  }

  async function create(): Promise<void> {
    const key = random.chance(0.35) ? `pause key ${model.pauseAsks.length}` : null;
    const ask = makeAsk(random.pick(callers), key);
    // Two at once make one.
    if (key !== null && random.chance(0.25)) void askFor(ask);
    await askFor(ask);
  }

  function askFor(ask: PauseAsk): Promise<void> {
    return counted(async () => {
      const place = ask.fates.push("unknown") - 1;
      const before = ask.id;
      const look = pauseWatch.look();
      const answer = await world.ask((engine) => engine.pauses.create(ask.caller, ask.input));
      world.say(`ask ${ask.number}: ${answer.kind === "ok" ? answer.value.kind : answer.kind}`);
      const came = answer.kind === "ok" && answer.value.kind === "created";
      ask.fates[place] = answer.kind === "ok" && !came ? "nothing" : fateOf(answer);
      if (answer.kind !== "ok") {
        // What a key is for: nobody knows whether it happened, so it is asked for again.
        if (ask.input.idempotencyKey !== null) await wait(RETRY_MS).then(() => askFor(ask));
        return;
      }
      checkCreated(ask, answer.value);
      if (answer.value.kind !== "created") return;
      const pause = shown(ask.caller, answer.value.view);
      look.toldAsMade(answer.value.view.pause);
      if (pause !== null && before === null && random.chance(0.6)) planDeadline(pause);
    });
  }

  function checkCreated(ask: PauseAsk, answer: CreatePauseAnswer): void {
    const fault = (what: string) => world.fault(`the wish ${ask.number} got ${answer.kind}: ${what}`);
    const { recipient } = ask.input;
    const isTold = recipient !== null && !ask.caller.actor.test;
    const isConfigured = isTold && CONFIGURED.includes(recipient.channel);
    switch (answer.kind) {
      case "channelNotConfigured":
        if (!isTold || isConfigured) fault("nobody is to be told by another channel");
        return;
      case "recipientRefused":
        // A test key's recipient is never told, and vetted all the same.
        if ((isTold && !isConfigured) || !recipient?.address.startsWith(REFUSED_ADDRESS))
          fault("its recipient can be told");
        return;
      case "conflict":
        if (ask.input.idempotencyKey === null) fault("it has no key");
        else if (ask.id !== null && model.aheadMs < KEYS_FORGOTTEN_MS) fault("it was granted before");
        return;
      case "created":
        if (isTold && !isConfigured) fault("nobody can be told of it");
        if (answer.view.respondUrl === null) fault("it has no link");
        if (ask.id !== null && ask.id !== answer.view.pause.id && model.aheadMs < KEYS_FORGOTTEN_MS) {
          fault(`it is another than ${ask.id}`);
        }
        if (isConflicting(ask)) fault("its key was used for something else");
    }
  }

  /** Wishes that reuse a granted one's key for other content. */
  const conflicting = new Set<PauseAsk>();
  const isConflicting = (ask: PauseAsk) => conflicting.has(ask) && model.aheadMs < KEYS_FORGOTTEN_MS;

  async function repeat(): Promise<void> {
    const granted = model.pauseAsks.filter(({ id, input }) => id !== null && input.idempotencyKey !== null);
    if (granted.length === 0 || model.aheadMs > KEYS_FORGOTTEN_MS) return;
    const first = random.pick(granted);
    if (random.chance(0.7)) return askFor(first);
    const other = makeAsk(first.caller, first.input.idempotencyKey);
    conflicting.add(other);
    return askFor(other);
  }

  const { respond, cancel, read, list, openLink, trespass, audit } = createPauseDeeds({
    world,
    callers,
    shown,
    known,
    counted,
  });

  // ── Races ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  const waitFor = (pause: KnownPause) => read(pause, WAIT_MS);
  const deeds: readonly ((pause: KnownPause) => Promise<void>)[] = [
    respond,
    respond,
    respond,
    cancel,
    read,
    waitFor,
    openLink,
    list,
  ];

  /** Everything at once. */
  async function race(pause: KnownPause): Promise<void> {
    const start = (deed: (pause: KnownPause) => Promise<void>) =>
      counted(() => wait(random.between(0, 12)).then(() => deed(pause)));
    await Promise.all([
      start(respond),
      start(random.chance(0.5) ? waitFor : respond),
      ...Array.from({ length: 1 + random.below(4) }, () => start(random.pick(deeds))),
    ]);
  }

  /** The moment at which answers, cancellations and looks race with the deadline. */
  function planDeadline(pause: KnownPause): void {
    if (world.process === null || pause.ask.input.expiresInSeconds > SHORT_SECONDS_MAX) return;
    const inMs = pause.expiresAt - world.process.now();
    const spreadMs = random.pick([3, 8, 20]);
    for (let count = 1 + random.below(5); count > 0; count -= 1) {
      const deed = random.pick(deeds);
      void counted(() => wait(Math.max(0, inMs + random.between(-spreadMs, spreadMs))).then(() => deed(pause)));
    }
  }

  function pick(): KnownPause | undefined {
    if (known.length === 0) return undefined;
    if (random.chance(0.3)) return random.pick(known);
    const pending = known.filter(({ ending }) => ending === null);
    return pending.length === 0 ? undefined : random.pick(pending);
  }

  async function act(): Promise<void> {
    const pause = pick();
    if (pause === undefined) return create();
    const acts: readonly [number, () => Promise<unknown>][] = [
      [30, () => read(pause)],
      [14, () => respond(pause)],
      [10, () => race(pause)],
      [8, () => cancel(pause)],
      [10, list],
      [10, () => openLink(pause)],
      [8, repeat],
      [5, () => trespass(pause)],
      [4, () => audit(pause)],
    ];
    await pickWeighted(random, acts)();
  }

  return {
    create,
    act,
    get open() {
      return open;
    },
  };
}

const SHORT_SECONDS_MAX = Math.max(...SHORT_SECONDS);
