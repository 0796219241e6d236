/** Requests about existing pauses: answer, cancel, read and wait, and requests that the server must refuse. */

import { type Ending, isSameAnswer, PAUSE_STATUSES, type Pause } from "../../../src/domain/pauses/pause.ts";
import type { Caller } from "../../../src/engine/access/caller.ts";
import type { PauseView, RespondOutput } from "../../../src/engine/pauses/pause-types.ts";
import type { Cursor } from "../../../src/ports/store.ts";
import { type Answer, type Effect, effectOf } from "../answers.ts";
import type { World } from "../machine.ts";

import type { KnownPause, PauseChange } from "./pause-model.ts";

export interface PauseActions {
  respond(pause: KnownPause): Promise<void>;
  cancel(pause: KnownPause): Promise<void>;
  /** A `waitMs` of 0 reads once. If omitted, it is random. */
  read(pause: KnownPause, waitMs?: number): Promise<void>;
  list(): Promise<void>;
  openLink(pause: KnownPause): Promise<void>;
  /** Tries to access the pause from another tenant and with a forged link. */
  tryForbidden(pause: KnownPause): Promise<void>;
  audit(pause: KnownPause): Promise<void>;
}

export interface PauseActionsOptions {
  readonly world: World;
  readonly callers: readonly Caller[];
  /** Records that a caller was shown this pause. */
  readonly recordView: (caller: Caller, view: PauseView) => KnownPause | null;
  readonly known: readonly KnownPause[];
  /** Counts a request as open until it is answered. */
  readonly counted: <T>(task: () => Promise<T>) => Promise<T>;
}

const TEXTS = ["because", "", 'a "quoted"\nline'];
const WAITS_MS = [100, 3000, 20_000, 60_000];
export const RETRY_MS = 1500;
/** A wait may end this much too early because timers round. */
const EARLY_MS = 1;
/**
 * The maximum delay from the store's answer that a pause ended to the answer of a waiting reader. Some reads take 3
 * s.
 */
const READER_DELAY_MS_MAX = 15_000;

class Actions implements PauseActions {
  readonly #world: PauseActionsOptions["world"];
  readonly #callers: PauseActionsOptions["callers"];
  readonly #recordView: PauseActionsOptions["recordView"];
  readonly #known: PauseActionsOptions["known"];
  readonly #counted: PauseActionsOptions["counted"];
  readonly #random: World["random"];
  readonly #timeline: World["timeline"];
  readonly #pauseWatch: World["pauseWatch"];

  constructor({ world, callers, recordView, known, counted }: PauseActionsOptions) {
    this.#world = world;
    this.#callers = callers;
    this.#recordView = recordView;
    this.#known = known;
    this.#counted = counted;
    this.#random = world.random;
    this.#timeline = world.timeline;
    this.#pauseWatch = world.pauseWatch;
  }

  #wait(ms: number) {
    return new Promise<void>((resolve) => this.#timeline.after(ms, resolve));
  }

  // ── Answer and cancel ─────────────────────────────────────────────────────────────────────────────────────────────

  #respond(pause: KnownPause, choice = this.#choiceFor(pause), text = this.#textFor(pause)): Promise<void> {
    return this.#counted(async () => {
      if (pause.token === null) return;
      const { token } = pause;
      const asked: KnownPause["answers"][number] = { choice, text, effect: "unknown" };
      pause.answers.push(asked);
      const observation = this.#pauseWatch.observe();
      const answer = await observation.ask((engine) => engine.pauses.respond(token, { choice, text }));
      this.#world.say(`respond ${pause.id} ${JSON.stringify([choice, text])}: ${summary(answer)}`);
      const isDecided = answer.kind === "ok" && answer.value.kind === "decided";
      asked.effect = answer.kind === "ok" ? (isDecided ? "applied" : "none") : effectOf(answer);
      if (answer.kind === "ok") {
        this.#checkResponded(pause, choice, text, answer.value);
        if ("pause" in answer.value) observation.check(answer.value.pause);
      } else if (this.#random.chance(0.5)) {
        await this.#wait(RETRY_MS).then(() => this.#respond(pause, choice, text));
      }
    });
  }

  #choiceFor({ request }: KnownPause) {
    return this.#random.pick(this.#random.chance(0.9) ? request.input.question.options : ["maybe"]);
  }

  #textFor({ request }: KnownPause) {
    return this.#random.chance(request.input.question.allowTextResponse ? 0.5 : 0.1) ? this.#random.pick(TEXTS) : null;
  }

  #checkResponded(pause: KnownPause, choice: string, text: string | null, answer: RespondOutput): void {
    const fault = (what: string) =>
      this.#world.fault(`pause ${pause.id}: the answer ${choice} got ${answer.kind}: ${what}`);
    const { options, allowTextResponse } = pause.request.input.question;
    const isTheSame = (ending: Ending) => isSameAnswer(ending, choice, text);
    switch (answer.kind) {
      case "decided":
        if (!isTheSame(answer.ending)) fault("it reports a different ending");
        return;
      case "tooLate":
        if (isTheSame(answer.ending)) fault("this answer decided the pause");
        return;
      case "noSuchChoice":
        if (options.includes(choice)) fault("it is an option");
        return;
      case "textNotAllowed":
        if (text === null || allowTextResponse) fault("there is no text, or text is allowed");
        return;
      case "unknown":
        fault("its link is genuine");
    }
  }

  cancel(pause: KnownPause): Promise<void> {
    return this.#counted(async () => {
      const change: PauseChange = { effect: "unknown" };
      pause.cancels.push(change);
      const observation = this.#pauseWatch.observe();
      const { caller } = pause.request;
      const answer = await observation.ask((engine) => engine.pauses.cancel(caller, pause.id));
      this.#world.say(`cancel pause ${pause.id}: ${summary(answer)}`);
      const effect: Effect = answer.kind === "ok" && answer.value.kind !== "cancelled" ? "none" : effectOf(answer);
      change.effect = effect;
      if (answer.kind !== "ok") {
        if (this.#random.chance(0.5)) await this.#wait(RETRY_MS).then(() => this.cancel(pause));
        return;
      }
      if (answer.value.kind === "unknown") {
        this.#world.fault(`pause ${pause.id} is unknown to the tenant that cancels it`);
        return;
      }
      const { kind, view } = answer.value;
      this.#checkView(caller, view);
      observation.check(view.pause);
      const { ending } = view.pause;
      if (ending === null) this.#world.fault(`pause ${pause.id}: cancelled but reported as pending`);
      if (kind === "cancelled" && ending?.status !== "cancelled")
        this.#world.fault(`pause ${pause.id} was not cancelled`);
    });
  }

  // ── Read ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #checkView(caller: Caller, view: PauseView): void {
    const { pause, respondUrl } = view;
    if ((respondUrl === null) !== (pause.ending !== null))
      this.#world.fault(`pause ${pause.id}: its link is ${respondUrl}`);
    this.#recordView(caller, view);
  }

  read(pause: KnownPause, waitMs = this.#random.chance(0.5) ? 0 : this.#random.pick(WAITS_MS)): Promise<void> {
    return this.#counted(async () => {
      const abort = new AbortController();
      const observation = this.#pauseWatch.observe();
      const { process, beganMs } = observation;
      if (process !== null && waitMs > 0 && this.#random.chance(0.3))
        process.timeline.after(this.#random.between(0, waitMs), () => abort.abort());
      const patience = waitMs === 0 ? null : { waitMs, signal: abort.signal, isAuthorized: async () => true };
      const answer = await observation.ask((engine) => engine.pauses.get(pause.request.caller, pause.id, patience));
      this.#world.say(`read pause ${pause.id} with a wait of ${waitMs} ms: ${answer.kind}`);
      if (answer.kind !== "ok") return;
      if (answer.value === null || typeof answer.value === "string") {
        this.#world.fault(`a request for pause ${pause.id} got ${answer.value}`);
        return;
      }
      this.#checkView(pause.request.caller, answer.value);
      observation.check(answer.value.pause);
      if (process === null) return;
      const heardMs = this.#pauseWatch.heardEndedMs(process, pause.id);
      const wrong = (what: string) =>
        this.#world.fault(`pause ${pause.id}: a reader with a wait of ${waitMs} ms ${what}`);
      if (answer.value.pause.ending !== null) {
        const sinceMs = Math.max(heardMs ?? this.#timeline.nowMs, beganMs, process.timeline.thawedMs);
        if (this.#timeline.nowMs - sinceMs > READER_DELAY_MS_MAX) wrong("gets the ending too late");
        return;
      }
      if (process.stopping) return;
      if (heardMs !== null && heardMs < this.#timeline.nowMs && waitMs > 0) wrong("gets it as pending");
      if (!abort.signal.aborted && this.#timeline.nowMs < beganMs + waitMs - EARLY_MS)
        wrong("gets an answer too early");
    });
  }

  list(): Promise<void> {
    return this.#counted(async () => {
      const caller = this.#random.pick(this.#callers);
      const status = this.#random.pick([null, ...PAUSE_STATUSES]);
      const limit = this.#random.pick([1, 5, 50]);
      const own = this.#known.filter(({ request }) => request.caller.tenantSeq === caller.tenantSeq);
      const due = own.filter(({ ending }) => status === null || (ending?.status ?? "pending") === status);
      const found: Pause[] = [];
      for (let cursor: Cursor | null = null; ; ) {
        const observation = this.#pauseWatch.observe();
        const answer: Answer<{ views: readonly PauseView[]; next: Cursor | null }> = await observation.ask((engine) =>
          engine.pauses.list(caller, { status, order: "newest", channel: null, text: null, cursor, limit }),
        );
        if (answer.kind !== "ok") return;
        for (const view of answer.value.views) {
          this.#checkView(caller, view);
          observation.check(view.pause);
          found.push(view.pause);
        }
        cursor = answer.value.next;
        if (cursor === null) break;
      }
      const wrong = (what: string) => this.#world.fault(`the list of ${status ?? "all"} pauses: ${what}`);
      const ids = new Set(found.map(({ id }) => id));
      const missing = due.find(({ id }) => !ids.has(id) && (status !== "pending" || !this.#pauseWatch.isEnded(id)));
      if (missing !== undefined) wrong(`${missing.id} is missing`);
      if (found.some(({ ending }) => status !== null && (ending?.status ?? "pending") !== status))
        wrong("it contains a pause with another status");
      if (found.some(({ seq }, index) => seq >= (found[index - 1]?.seq ?? Number.POSITIVE_INFINITY)))
        wrong("it is not in order");
    });
  }

  openLink(pause: KnownPause): Promise<void> {
    return this.#counted(async () => {
      const { token } = pause;
      if (token === null) return;
      const observation = this.#pauseWatch.observe();
      const answer = await observation.ask((engine) =>
        engine.pauses.open(token, { method: this.#random.pick(["GET", "HEAD"]), userAgent: null }),
      );
      if (answer.kind !== "ok") return;
      if (answer.value === null) this.#world.fault(`pause ${pause.id}: its link is unknown`);
      else observation.check(answer.value);
    });
  }

  // ── Forbidden requests ────────────────────────────────────────────────────────────────────────────────────────────

  tryForbidden(pause: KnownPause): Promise<void> {
    return this.#counted(async () => {
      const stranger = this.#callers.find(({ tenantSeq }) => tenantSeq !== pause.request.caller.tenantSeq);
      const wrong = (what: string) => this.#world.fault(`pause ${pause.id}: ${what}`);
      if (stranger !== undefined) {
        const seen = await this.#world.ask((engine) => engine.pauses.get(stranger, pause.id, null));
        if (seen.kind === "ok" && seen.value !== null) wrong("another tenant can read it");
        const cancelled = await this.#world.ask((engine) => engine.pauses.cancel(stranger, pause.id));
        if (cancelled.kind === "ok" && cancelled.value.kind !== "unknown") wrong("another tenant can cancel it");
      }
      if (pause.token === null) return;
      const at = this.#random.below(pause.token.length);
      const forged = pause.token.slice(0, at) + (pause.token[at] === "A" ? "B" : "A") + pause.token.slice(at + 1);
      const answer = { choice: this.#choiceFor(pause), text: null };
      const decided = await this.#world.ask((engine) => engine.pauses.respond(forged, answer));
      if (decided.kind === "ok" && decided.value.kind !== "unknown") wrong("a forged link can answer it");
      const opened = await this.#world.ask((engine) => engine.pauses.open(forged, { method: "GET", userAgent: null }));
      if (opened.kind === "ok" && opened.value !== null) wrong("a forged link can open it");
    });
  }

  async audit(pause: KnownPause): Promise<void> {
    const filter = { pauseId: pause.id, type: null, from: null, to: null, offset: 0, limit: 100 };
    const answer = await this.#world.ask((engine) => engine.auditLog.list(pause.request.caller, filter));
    if (answer.kind !== "ok") return;
    if (!answer.value.rows.some(({ type }) => type === "pause.created")) {
      this.#world.fault(`pause ${pause.id}: its creation is missing from the audit`);
    }
  }

  respond(pause: KnownPause): Promise<void> {
    return this.#respond(pause);
  }
}

export function createPauseActions({ world, callers, recordView, known, counted }: PauseActionsOptions): PauseActions {
  return new Actions({ world, callers, recordView, known, counted });
}

function summary(answer: Answer<{ readonly kind: string }>): string {
  return answer.kind === "ok" ? answer.value.kind : answer.kind;
}
