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

export function createPauseActions({ world, callers, recordView, known, counted }: PauseActionsOptions): PauseActions {
  const { random, timeline, pauseWatch } = world;
  const wait = (ms: number) => new Promise<void>((resolve) => timeline.after(ms, resolve));

  // ── Answer and cancel ─────────────────────────────────────────────────────────────────────────────────────────────

  function respond(pause: KnownPause, choice = choiceFor(pause), text = textFor(pause)): Promise<void> {
    return counted(async () => {
      if (pause.token === null) return;
      const { token } = pause;
      const asked: KnownPause["answers"][number] = { choice, text, effect: "unknown" };
      pause.answers.push(asked);
      const observation = pauseWatch.observe();
      const answer = await world.ask((engine) => engine.pauses.respond(token, { choice, text }));
      world.say(`respond ${pause.id} ${JSON.stringify([choice, text])}: ${summary(answer)}`);
      const isDecided = answer.kind === "ok" && answer.value.kind === "decided";
      asked.effect = answer.kind === "ok" ? (isDecided ? "applied" : "none") : effectOf(answer);
      if (answer.kind === "ok") {
        checkResponded(pause, choice, text, answer.value);
        if ("pause" in answer.value) observation.check(answer.value.pause);
      } else if (random.chance(0.5)) {
        await wait(RETRY_MS).then(() => respond(pause, choice, text));
      }
    });
  }

  const choiceFor = ({ request }: KnownPause) =>
    random.pick(random.chance(0.9) ? request.input.question.options : ["maybe"]);
  const textFor = ({ request }: KnownPause) =>
    random.chance(request.input.question.allowTextResponse ? 0.5 : 0.1) ? random.pick(TEXTS) : null;

  function checkResponded(pause: KnownPause, choice: string, text: string | null, answer: RespondOutput): void {
    const fault = (what: string) => world.fault(`pause ${pause.id}: the answer ${choice} got ${answer.kind}: ${what}`);
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

  function cancel(pause: KnownPause): Promise<void> {
    return counted(async () => {
      const change: PauseChange = { effect: "unknown" };
      pause.cancels.push(change);
      const observation = pauseWatch.observe();
      const { caller } = pause.request;
      const answer = await world.ask((engine) => engine.pauses.cancel(caller, pause.id));
      world.say(`cancel pause ${pause.id}: ${summary(answer)}`);
      const effect: Effect = answer.kind === "ok" && answer.value.kind !== "cancelled" ? "none" : effectOf(answer);
      change.effect = effect;
      if (answer.kind !== "ok") {
        if (random.chance(0.5)) await wait(RETRY_MS).then(() => cancel(pause));
        return;
      }
      if (answer.value.kind === "unknown") {
        world.fault(`pause ${pause.id} is unknown to the tenant that cancels it`);
        return;
      }
      const { kind, view } = answer.value;
      checkView(caller, view);
      observation.check(view.pause);
      const { ending } = view.pause;
      if (ending === null) world.fault(`pause ${pause.id}: cancelled but reported as pending`);
      if (kind === "cancelled" && ending?.status !== "cancelled") world.fault(`pause ${pause.id} was not cancelled`);
    });
  }

  // ── Read ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  function checkView(caller: Caller, view: PauseView): void {
    const { pause, respondUrl } = view;
    if ((respondUrl === null) !== (pause.ending !== null)) world.fault(`pause ${pause.id}: its link is ${respondUrl}`);
    recordView(caller, view);
  }

  function read(pause: KnownPause, waitMs = random.chance(0.5) ? 0 : random.pick(WAITS_MS)): Promise<void> {
    return counted(async () => {
      const abort = new AbortController();
      if (waitMs > 0 && random.chance(0.3)) timeline.after(random.between(0, waitMs), () => abort.abort());
      const patience = waitMs === 0 ? null : { waitMs, signal: abort.signal };
      const observation = pauseWatch.observe();
      const answer = await world.ask((engine) => engine.pauses.get(pause.request.caller, pause.id, patience));
      world.say(`read pause ${pause.id} with a wait of ${waitMs} ms: ${answer.kind}`);
      if (answer.kind !== "ok") return;
      if (answer.value === null || answer.value === "tooMany") {
        world.fault(`a request for pause ${pause.id} got ${answer.value}`);
        return;
      }
      checkView(pause.request.caller, answer.value);
      observation.check(answer.value.pause);
      const { process, beganMs } = observation;
      if (process === null) return;
      const heardMs = pauseWatch.heardEndedMs(process, pause.id);
      const wrong = (what: string) => world.fault(`pause ${pause.id}: a reader with a wait of ${waitMs} ms ${what}`);
      if (answer.value.pause.ending !== null) {
        if (heardMs !== null && timeline.nowMs - Math.max(heardMs, beganMs) > READER_DELAY_MS_MAX)
          wrong("gets the ending too late");
        return;
      }
      if (process.stopping) return;
      if (heardMs !== null && heardMs < timeline.nowMs && waitMs > 0) wrong("gets it as pending");
      if (!abort.signal.aborted && timeline.nowMs < beganMs + waitMs - EARLY_MS) wrong("gets an answer too early");
    });
  }

  function list(): Promise<void> {
    return counted(async () => {
      const caller = random.pick(callers);
      const status = random.pick([null, ...PAUSE_STATUSES]);
      const limit = random.pick([1, 5, 50]);
      const own = known.filter(({ request }) => request.caller.tenantSeq === caller.tenantSeq);
      const due = own.filter(({ ending }) => status === null || (ending?.status ?? "pending") === status);
      const found: Pause[] = [];
      for (let cursor: Cursor | null = null; ; ) {
        const observation = pauseWatch.observe();
        const answer: Answer<{ views: readonly PauseView[]; next: Cursor | null }> = await world.ask((engine) =>
          engine.pauses.list(caller, { status, order: "newest", channel: null, text: null, cursor, limit }),
        );
        if (answer.kind !== "ok") return;
        for (const view of answer.value.views) {
          checkView(caller, view);
          observation.check(view.pause);
          found.push(view.pause);
        }
        cursor = answer.value.next;
        if (cursor === null) break;
      }
      const wrong = (what: string) => world.fault(`the list of ${status ?? "all"} pauses: ${what}`);
      const ids = new Set(found.map(({ id }) => id));
      const missing = due.find(({ id }) => !ids.has(id) && (status !== "pending" || !pauseWatch.isEnded(id)));
      if (missing !== undefined) wrong(`${missing.id} is missing`);
      if (found.some(({ ending }) => status !== null && (ending?.status ?? "pending") !== status))
        wrong("it contains a pause with another status");
      if (found.some(({ seq }, index) => seq >= (found[index - 1]?.seq ?? Number.POSITIVE_INFINITY)))
        wrong("it is not in order");
    });
  }

  function openLink(pause: KnownPause): Promise<void> {
    return counted(async () => {
      const { token } = pause;
      if (token === null) return;
      const observation = pauseWatch.observe();
      const answer = await world.ask((engine) =>
        engine.pauses.open(token, { method: random.pick(["GET", "HEAD"]), userAgent: null }),
      );
      if (answer.kind !== "ok") return;
      if (answer.value === null) world.fault(`pause ${pause.id}: its link is unknown`);
      else observation.check(answer.value);
    });
  }

  // ── Forbidden requests ────────────────────────────────────────────────────────────────────────────────────────────

  function tryForbidden(pause: KnownPause): Promise<void> {
    return counted(async () => {
      const stranger = callers.find(({ tenantSeq }) => tenantSeq !== pause.request.caller.tenantSeq);
      const wrong = (what: string) => world.fault(`pause ${pause.id}: ${what}`);
      if (stranger !== undefined) {
        const seen = await world.ask((engine) => engine.pauses.get(stranger, pause.id, null));
        if (seen.kind === "ok" && seen.value !== null) wrong("another tenant can read it");
        const cancelled = await world.ask((engine) => engine.pauses.cancel(stranger, pause.id));
        if (cancelled.kind === "ok" && cancelled.value.kind !== "unknown") wrong("another tenant can cancel it");
      }
      if (pause.token === null) return;
      const at = random.below(pause.token.length);
      const forged = pause.token.slice(0, at) + (pause.token[at] === "A" ? "B" : "A") + pause.token.slice(at + 1);
      const answer = { choice: choiceFor(pause), text: null };
      const decided = await world.ask((engine) => engine.pauses.respond(forged, answer));
      if (decided.kind === "ok" && decided.value.kind !== "unknown") wrong("a forged link can answer it");
      const opened = await world.ask((engine) => engine.pauses.open(forged, { method: "GET", userAgent: null }));
      if (opened.kind === "ok" && opened.value !== null) wrong("a forged link can open it");
    });
  }

  async function audit(pause: KnownPause): Promise<void> {
    const filter = { pauseId: pause.id, type: null, from: null, to: null, offset: 0, limit: 100 };
    const answer = await world.ask((engine) => engine.auditLog.list(pause.request.caller, filter));
    if (answer.kind !== "ok") return;
    if (!answer.value.rows.some(({ type }) => type === "pause.created")) {
      world.fault(`pause ${pause.id}: its creation is missing from the audit`);
    }
  }

  return { respond: (pause) => respond(pause), cancel, read, list, openLink, tryForbidden, audit };
}

function summary(answer: Answer<{ readonly kind: string }>): string {
  return answer.kind === "ok" ? answer.value.kind : answer.kind;
}
