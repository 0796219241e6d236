/** Requests of developers and recipients: create, answer, cancel, read and wait for pauses, with many races. */
import type { Recipient } from "../../../src/domain/pauses/pause.ts";
import type { Caller } from "../../../src/engine/access/caller.ts";
import type { CreatePauseInput, CreatePauseOutput, PauseView } from "../../../src/engine/pauses/pause-types.ts";
import { effectOf } from "../answers.ts";
import type { World } from "../machine.ts";
import { KEYS_FORGOTTEN_MS } from "../model.ts";
import { pickWeighted } from "../random.ts";
import { CONFIGURED, REFUSED_ADDRESS } from "./channels.ts";
import { createPauseActions, type PauseActions, RETRY_MS } from "./pause-actions.ts";
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

class Workload implements PauseWorkload {
  readonly #world: World;
  readonly #callers: readonly Caller[];
  readonly #model: World["model"];
  readonly #random: World["random"];
  readonly #timeline: World["timeline"];
  readonly #pauseWatch: World["pauseWatch"];
  readonly #known: KnownPause[] = [];
  #open = 0;
  /** Requests that reuse the key of a confirmed request with different content. */
  readonly #conflicting = new Set<PauseRequest>();
  readonly #actions: PauseActions;
  readonly #respond = (pause: KnownPause) => this.#actions.respond(pause);
  readonly #waitFor = (pause: KnownPause) => this.#actions.read(pause, WAIT_MS);
  /** What races with something else. Answers are the most frequent. */
  readonly #races: readonly ((pause: KnownPause) => Promise<void>)[];

  constructor(world: World, callers: readonly Caller[]) {
    this.#world = world;
    this.#callers = callers;
    this.#model = world.model;
    this.#random = world.random;
    this.#timeline = world.timeline;
    this.#pauseWatch = world.pauseWatch;
    this.#actions = createPauseActions({
      world,
      callers,
      recordView: (caller, view) => this.#recordView(caller, view),
      known: this.#known,
      counted: (task) => this.#counted(task),
    });
    this.#races = [
      this.#respond,
      this.#respond,
      this.#respond,
      (pause) => this.#actions.cancel(pause),
      (pause) => this.#actions.read(pause),
      this.#waitFor,
      (pause) => this.#actions.openLink(pause),
      () => this.#actions.list(),
    ];
  }

  #wait(ms: number) {
    return new Promise<void>((resolve) => this.#timeline.after(ms, resolve));
  }

  async #counted<T>(task: () => Promise<T>): Promise<T> {
    this.#open += 1;
    try {
      return await task();
    } finally {
      this.#open -= 1;
    }
  }

  #recordView(caller: Caller, view: PauseView): KnownPause | null {
    const isNew = !this.#model.pauses.has(view.pause.id);
    const pause = this.#pauseWatch.learn(caller, view);
    if (isNew && pause !== null) this.#known.push(pause);
    return pause;
  }

  // ── Create ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #newRequest(caller: Caller, idempotencyKey: string | null): PauseRequest {
    const number = this.#model.pauseRequests.length;
    const options = OPTIONS.slice(0, 2 + this.#random.below(4));
    const input: CreatePauseInput = {
      signIn: null,
      plan: null,
      tellsApprovers: false,
      question: {
        message: messageOf(number),
        options,
        details: [],
        allowTextResponse: this.#random.chance(0.5),
        timeoutDefault: this.#random.chance(0.5) ? this.#random.pick(options) : null,
        metadata: this.#random.pick(METADATA),
      },
      recipient: this.#random.chance(0.6) ? this.#recipientFor(number) : null,
      expiresInSeconds: this.#random.pick(this.#random.chance(0.8) ? SHORT_SECONDS : LONG_SECONDS),
      idempotencyKey,
      trace: null,
    };
    const test = this.#random.chance(0.1);
    const request: PauseRequest = {
      number,
      caller: { ...caller, actor: { ...caller.actor, test } },
      input,
      effects: [],
      id: null,
    };
    this.#model.pauseRequests.push(request);
    return request;
  }

  #recipientFor(number: number): Recipient {
    const name = this.#random.chance(0.05) ? REFUSED_ADDRESS : "ana";
    return {
      channel: this.#random.pick(["email", "email", "slack", "slack", "sms"]),
      address: `${name}${number}@example.com`,
    };
  }

  async create(): Promise<void> {
    const key = this.#random.chance(0.35) ? `pause key ${this.#model.pauseRequests.length}` : null;
    const request = this.#newRequest(this.#random.pick(this.#callers), key);
    // Two concurrent requests with the same key create one pause.
    if (key !== null && this.#random.chance(0.25)) void this.#sendRequest(request);
    await this.#sendRequest(request);
  }

  #sendRequest(request: PauseRequest): Promise<void> {
    return this.#counted(async () => {
      const place = request.effects.push("unknown") - 1;
      const before = request.id;
      const observation = this.#pauseWatch.observe();
      const answer = await observation.ask((engine) => engine.pauses.create(request.caller, request.input));
      this.#world.say(`request pause ${request.number}: ${answer.kind === "ok" ? answer.value.kind : answer.kind}`);
      const isCreated = answer.kind === "ok" && answer.value.kind === "created";
      request.effects[place] = answer.kind === "ok" && !isCreated ? "none" : effectOf(answer);
      if (answer.kind !== "ok") {
        // The result is unknown. Thanks to the key, the caller can safely retry.
        if (request.input.idempotencyKey !== null) await this.#wait(RETRY_MS).then(() => this.#sendRequest(request));
        return;
      }
      this.#checkCreated(request, answer.value);
      if (answer.value.kind !== "created") return;
      const pause = this.#recordView(request.caller, answer.value.view);
      observation.checkCreated(answer.value.view.pause);
      if (pause !== null && before === null && this.#random.chance(0.6)) this.#planDeadline(pause);
    });
  }

  #checkCreated(request: PauseRequest, answer: CreatePauseOutput): void {
    const fault = (what: string) => this.#world.fault(`request ${request.number} got ${answer.kind}: ${what}`);
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
        else if (request.id !== null && this.#model.aheadMs < KEYS_FORGOTTEN_MS) fault("it was created before");
        return;
      case "created":
        if (isNotified && !isConfigured) fault("its recipient cannot be notified");
        if (answer.view.respondUrl === null) fault("it has no link");
        if (request.id !== null && request.id !== answer.view.pause.id && this.#model.aheadMs < KEYS_FORGOTTEN_MS) {
          fault(`it created ${request.id} before`);
        }
        if (this.#isConflicting(request)) fault("its key was used for a different request");
    }
  }

  #isConflicting(request: PauseRequest) {
    return this.#conflicting.has(request) && this.#model.aheadMs < KEYS_FORGOTTEN_MS;
  }

  async #repeat(): Promise<void> {
    const confirmed = this.#model.pauseRequests.filter(({ id, input }) => id !== null && input.idempotencyKey !== null);
    if (confirmed.length === 0 || this.#model.aheadMs > KEYS_FORGOTTEN_MS) return;
    const first = this.#random.pick(confirmed);
    if (this.#random.chance(0.7)) return this.#sendRequest(first);
    const other = this.#newRequest(first.caller, first.input.idempotencyKey);
    this.#conflicting.add(other);
    return this.#sendRequest(other);
  }

  // ── Races ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Starts several actions on a pause at almost the same time. */
  async #race(pause: KnownPause): Promise<void> {
    const start = (action: (pause: KnownPause) => Promise<void>) =>
      this.#counted(() => this.#wait(this.#random.between(0, 12)).then(() => action(pause)));
    await Promise.all([
      start(this.#respond),
      start(this.#random.chance(0.5) ? this.#waitFor : this.#respond),
      ...Array.from({ length: 1 + this.#random.below(4) }, () => start(this.#random.pick(this.#races))),
    ]);
  }

  /** Plans answers, cancellations and reads that race with the deadline. */
  #planDeadline(pause: KnownPause): void {
    const { process } = this.#world;
    if (process === null || pause.request.input.expiresInSeconds > SHORT_SECONDS_MAX) return;
    const inMs = pause.expiresAt - process.now();
    const spreadMs = this.#random.pick([3, 8, 20]);
    for (let count = 1 + this.#random.below(5); count > 0; count -= 1) {
      const action = this.#random.pick(this.#races);
      void this.#counted(() =>
        this.#wait(Math.max(0, inMs + this.#random.between(-spreadMs, spreadMs))).then(() => action(pause)),
      );
    }
  }

  #pick(): KnownPause | undefined {
    if (this.#known.length === 0) return undefined;
    if (this.#random.chance(0.3)) return this.#random.pick(this.#known);
    const pending = this.#known.filter(({ ending }) => ending === null);
    return pending.length === 0 ? undefined : this.#random.pick(pending);
  }

  async act(): Promise<void> {
    const pause = this.#pick();
    if (pause === undefined) return this.create();
    const acts: readonly [number, () => Promise<unknown>][] = [
      [30, () => this.#actions.read(pause)],
      [14, () => this.#actions.respond(pause)],
      [10, () => this.#race(pause)],
      [8, () => this.#actions.cancel(pause)],
      [10, () => this.#actions.list()],
      [10, () => this.#actions.openLink(pause)],
      [8, () => this.#repeat()],
      [5, () => this.#actions.tryForbidden(pause)],
      [4, () => this.#actions.audit(pause)],
    ];
    await pickWeighted(this.#random, acts)();
  }

  get open() {
    return this.#open;
  }
}

export function createPauseWorkload(world: World, callers: readonly Caller[]): PauseWorkload {
  return new Workload(world, callers);
}

const SHORT_SECONDS_MAX = Math.max(...SHORT_SECONDS);
