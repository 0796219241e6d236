/** Requests of developers and recipients: create, answer, cancel, read and wait for pauses, with many races. */
import type { Recipient } from "../../../src/domain/pauses/pause.ts";
import type { Caller } from "../../../src/engine/access/caller.ts";
import type { CreatePauseInput, CreatePauseOutput, PauseView } from "../../../src/engine/pauses/pause-types.ts";
import { effectOf } from "../answers.ts";
import type { World } from "../machine.ts";
import { KEYS_FORGOTTEN_MS } from "../model.ts";
import { pickWeighted } from "../random.ts";
import { CONFIGURED, REFUSED_ADDRESS } from "./channels.ts";
import { createPauseActions, RETRY_MS } from "./pause-actions.ts";
import { type KnownPause, messageOf, type PauseRequest } from "./pause-model.ts";

export interface PauseWorkload {
  create(): Promise<void>;
  /** Performs one random action on a random pause. */
  act(): Promise<void>;
  /** The number of requests that are planned or unanswered. */
  readonly open: number;
}

/** Some pauses expire during the simulation, some only after a clock jump, some never. */
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

  function recordView(caller: Caller, view: PauseView): KnownPause | null {
    const isNew = !model.pauses.has(view.pause.id);
    const pause = pauseWatch.learn(caller, view);
    if (isNew && pause !== null) known.push(pause);
    return pause;
  }

  // ── Create ────────────────────────────────────────────────────────────────────────────────────────────────────────

  function newRequest(caller: Caller, idempotencyKey: string | null): PauseRequest {
    const number = model.pauseRequests.length;
    const options = OPTIONS.slice(0, 2 + random.below(4));
    const input: CreatePauseInput = {
      signIn: null,
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
    const request: PauseRequest = {
      number,
      caller: { ...caller, actor: { ...caller.actor, test } },
      input,
      effects: [],
      id: null,
    };
    model.pauseRequests.push(request);
    return request;
  }

  function recipientFor(number: number): Recipient {
    const name = random.chance(0.05) ? REFUSED_ADDRESS : "ana";
    return {
      channel: random.pick(["email", "email", "slack", "slack", "sms"]),
      address: `${name}${number}@example.com`,
    };
  }

  async function create(): Promise<void> {
    const key = random.chance(0.35) ? `pause key ${model.pauseRequests.length}` : null;
    const request = newRequest(random.pick(callers), key);
    // Two concurrent requests with the same key create one pause.
    if (key !== null && random.chance(0.25)) void sendRequest(request);
    await sendRequest(request);
  }

  function sendRequest(request: PauseRequest): Promise<void> {
    return counted(async () => {
      const place = request.effects.push("unknown") - 1;
      const before = request.id;
      const observation = pauseWatch.observe();
      const answer = await world.ask((engine) => engine.pauses.create(request.caller, request.input));
      world.say(`request pause ${request.number}: ${answer.kind === "ok" ? answer.value.kind : answer.kind}`);
      const isCreated = answer.kind === "ok" && answer.value.kind === "created";
      request.effects[place] = answer.kind === "ok" && !isCreated ? "none" : effectOf(answer);
      if (answer.kind !== "ok") {
        // The result is unknown. Thanks to the key, the caller can safely retry.
        if (request.input.idempotencyKey !== null) await wait(RETRY_MS).then(() => sendRequest(request));
        return;
      }
      checkCreated(request, answer.value);
      if (answer.value.kind !== "created") return;
      const pause = recordView(request.caller, answer.value.view);
      observation.checkCreated(answer.value.view.pause);
      if (pause !== null && before === null && random.chance(0.6)) planDeadline(pause);
    });
  }

  function checkCreated(request: PauseRequest, answer: CreatePauseOutput): void {
    const fault = (what: string) => world.fault(`request ${request.number} got ${answer.kind}: ${what}`);
    const { recipient } = request.input;
    const isNotified = recipient !== null && !request.caller.actor.test;
    const isConfigured = isNotified && CONFIGURED.includes(recipient.channel);
    switch (answer.kind) {
      case "channelNotConfigured":
        if (!isNotified || isConfigured) fault("it needs no channel that is not configured");
        return;
      case "recipientRefused":
        // The server checks a test key's recipient, although it never notifies the recipient.
        if ((isNotified && !isConfigured) || !recipient?.address.startsWith(REFUSED_ADDRESS))
          fault("its recipient can be notified");
        return;
      case "conflict":
        if (request.input.idempotencyKey === null) fault("it has no key");
        else if (request.id !== null && model.aheadMs < KEYS_FORGOTTEN_MS) fault("it was created before");
        return;
      case "created":
        if (isNotified && !isConfigured) fault("its recipient cannot be notified");
        if (answer.view.respondUrl === null) fault("it has no link");
        if (request.id !== null && request.id !== answer.view.pause.id && model.aheadMs < KEYS_FORGOTTEN_MS) {
          fault(`it created ${request.id} before`);
        }
        if (isConflicting(request)) fault("its key was used for a different request");
    }
  }

  /** Requests that reuse the key of a confirmed request with different content. */
  const conflicting = new Set<PauseRequest>();
  const isConflicting = (request: PauseRequest) => conflicting.has(request) && model.aheadMs < KEYS_FORGOTTEN_MS;

  async function repeat(): Promise<void> {
    const confirmed = model.pauseRequests.filter(({ id, input }) => id !== null && input.idempotencyKey !== null);
    if (confirmed.length === 0 || model.aheadMs > KEYS_FORGOTTEN_MS) return;
    const first = random.pick(confirmed);
    if (random.chance(0.7)) return sendRequest(first);
    const other = newRequest(first.caller, first.input.idempotencyKey);
    conflicting.add(other);
    return sendRequest(other);
  }

  const { respond, cancel, read, list, openLink, tryForbidden, audit } = createPauseActions({
    world,
    callers,
    recordView,
    known,
    counted,
  });

  // ── Races ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  const waitFor = (pause: KnownPause) => read(pause, WAIT_MS);
  const actions: readonly ((pause: KnownPause) => Promise<void>)[] = [
    respond,
    respond,
    respond,
    cancel,
    read,
    waitFor,
    openLink,
    list,
  ];

  /** Starts several actions on a pause at almost the same time. */
  async function race(pause: KnownPause): Promise<void> {
    const start = (action: (pause: KnownPause) => Promise<void>) =>
      counted(() => wait(random.between(0, 12)).then(() => action(pause)));
    await Promise.all([
      start(respond),
      start(random.chance(0.5) ? waitFor : respond),
      ...Array.from({ length: 1 + random.below(4) }, () => start(random.pick(actions))),
    ]);
  }

  /** Plans answers, cancellations and reads that race with the deadline. */
  function planDeadline(pause: KnownPause): void {
    if (world.process === null || pause.request.input.expiresInSeconds > SHORT_SECONDS_MAX) return;
    const inMs = pause.expiresAt - world.process.now();
    const spreadMs = random.pick([3, 8, 20]);
    for (let count = 1 + random.below(5); count > 0; count -= 1) {
      const action = random.pick(actions);
      void counted(() => wait(Math.max(0, inMs + random.between(-spreadMs, spreadMs))).then(() => action(pause)));
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
      [5, () => tryForbidden(pause)],
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
