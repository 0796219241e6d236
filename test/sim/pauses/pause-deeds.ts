/** What is done with a pause that was made: answer it, cancel it, look at it, wait for it; and what must not work. */

import { type Ending, isSameAnswer, PAUSE_STATUSES, type Pause } from "../../../src/domain/pauses/pause.ts";
import type { Caller } from "../../../src/engine/engine-types.ts";
import type { PauseView, RespondAnswer } from "../../../src/engine/pauses/pause-service.ts";
import type { Cursor } from "../../../src/ports/store.ts";
import { type Answer, type Fate, fateOf } from "../fate.ts";
import type { World } from "../machine.ts";

import type { Deed, KnownPause } from "./pause-model.ts";

export interface PauseDeeds {
  respond(pause: KnownPause): Promise<void>;
  cancel(pause: KnownPause): Promise<void>;
  /** `waitMs` 0 looks once; without it chance decides. */
  read(pause: KnownPause, waitMs?: number): Promise<void>;
  list(): Promise<void>;
  openLink(pause: KnownPause): Promise<void>;
  /** By strangers and forgers. */
  trespass(pause: KnownPause): Promise<void>;
  audit(pause: KnownPause): Promise<void>;
}

export interface PauseDeedsOptions {
  readonly world: World;
  readonly callers: readonly Caller[];
  /** Somebody was shown this pause of theirs. */
  readonly shown: (caller: Caller, view: PauseView) => KnownPause | null;
  readonly known: readonly KnownPause[];
  /** Count a request as open until it is answered. */
  readonly counted: <T>(task: () => Promise<T>) => Promise<T>;
}

const TEXTS = ["because", "", 'a "quoted"\nline'];
const WAITS_MS = [100, 3000, 20_000, 60_000];
export const RETRY_MS = 1500;
/** A wait that ends sooner by this is a timer's rounding. */
const EARLY_MS = 1;
/** From the store's word that a pause ended to those who wait for it: reads take three seconds at times. */
const TOLD_LATE_MS = 15_000;

export function createPauseDeeds({ world, callers, shown, known, counted }: PauseDeedsOptions): PauseDeeds {
  const { random, timeline, pauseWatch } = world;
  const wait = (ms: number) => new Promise<void>((resolve) => timeline.after(ms, resolve));

  // ── Answer and cancel ─────────────────────────────────────────────────────────────────────────────────────────────

  function respond(pause: KnownPause, choice = choiceFor(pause), text = textFor(pause)): Promise<void> {
    return counted(async () => {
      if (pause.token === null) return;
      const { token } = pause;
      const asked: KnownPause["answers"][number] = { choice, text, fate: "unknown" };
      pause.answers.push(asked);
      const look = pauseWatch.look();
      const answer = await world.ask((engine) => engine.pauses.respond(token, { choice, text }));
      world.say(`respond ${pause.id} ${JSON.stringify([choice, text])}: ${summary(answer)}`);
      const isDecided = answer.kind === "ok" && answer.value.kind === "decided";
      asked.fate = answer.kind === "ok" ? (isDecided ? "done" : "nothing") : fateOf(answer);
      if (answer.kind === "ok") {
        checkResponded(pause, choice, text, answer.value);
        if ("pause" in answer.value) look.told(answer.value.pause);
      } else if (random.chance(0.5)) {
        await wait(RETRY_MS).then(() => respond(pause, choice, text));
      }
    });
  }

  const choiceFor = ({ ask }: KnownPause) => random.pick(random.chance(0.9) ? ask.input.question.options : ["maybe"]);
  const textFor = ({ ask }: KnownPause) =>
    random.chance(ask.input.question.allowTextResponse ? 0.5 : 0.1) ? random.pick(TEXTS) : null;

  function checkResponded(pause: KnownPause, choice: string, text: string | null, answer: RespondAnswer): void {
    const fault = (what: string) => world.fault(`pause ${pause.id}: the answer ${choice} got ${answer.kind}: ${what}`);
    const { options, allowTextResponse } = pause.ask.input.question;
    const isTheSame = (ending: Ending) => isSameAnswer(ending, choice, text);
    switch (answer.kind) {
      case "decided":
        if (!isTheSame(answer.ending)) fault("another one has won");
        return;
      case "tooLate":
        if (isTheSame(answer.ending)) fault("it has won");
        return;
      case "noSuchChoice":
        if (options.includes(choice)) fault("it is an option");
        return;
      case "textNotAllowed":
        if (text === null || allowTextResponse) fault("there is none, or it may be");
        return;
      case "unknown":
        fault("its link is genuine");
    }
  }

  function cancel(pause: KnownPause): Promise<void> {
    return counted(async () => {
      const deed: Deed = { fate: "unknown" };
      pause.cancels.push(deed);
      const look = pauseWatch.look();
      const { caller } = pause.ask;
      const answer = await world.ask((engine) => engine.pauses.cancel(caller, pause.id));
      world.say(`cancel pause ${pause.id}: ${summary(answer)}`);
      const fate: Fate = answer.kind === "ok" && answer.value.kind !== "cancelled" ? "nothing" : fateOf(answer);
      deed.fate = fate;
      if (answer.kind !== "ok") {
        if (random.chance(0.5)) await wait(RETRY_MS).then(() => cancel(pause));
        return;
      }
      if (answer.value.kind === "unknown") {
        world.fault(`pause ${pause.id} is unknown to whoever cancels it`);
        return;
      }
      const { kind, view } = answer.value;
      checkView(caller, view);
      look.told(view.pause);
      const { ending } = view.pause;
      if (ending === null) world.fault(`pause ${pause.id}: cancelled, and told as pending`);
      if (kind === "cancelled" && ending?.status !== "cancelled") world.fault(`pause ${pause.id} was not cancelled`);
    });
  }

  // ── Look ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  function checkView(caller: Caller, view: PauseView): void {
    const { pause, respondUrl } = view;
    if ((respondUrl === null) !== (pause.ending !== null)) world.fault(`pause ${pause.id}: its link is ${respondUrl}`);
    shown(caller, view);
  }

  function read(pause: KnownPause, waitMs = random.chance(0.5) ? 0 : random.pick(WAITS_MS)): Promise<void> {
    return counted(async () => {
      const abort = new AbortController();
      if (waitMs > 0 && random.chance(0.3)) timeline.after(random.between(0, waitMs), () => abort.abort());
      const patience = waitMs === 0 ? null : { waitMs, signal: abort.signal };
      const look = pauseWatch.look();
      const answer = await world.ask((engine) => engine.pauses.get(pause.ask.caller, pause.id, patience));
      world.say(`look at pause ${pause.id}, ${waitMs} ms: ${answer.kind}`);
      if (answer.kind !== "ok") return;
      if (answer.value === null || answer.value === "tooMany") {
        world.fault(`pause ${pause.id} was looked at, and there is ${answer.value}`);
        return;
      }
      checkView(pause.ask.caller, answer.value);
      look.told(answer.value.pause);
      const { process, beganMs } = look;
      if (process === null) return;
      const heardMs = pauseWatch.heardEndedMs(process, pause.id);
      const wrong = (what: string) => world.fault(`pause ${pause.id}: a reader who would wait ${waitMs} ms ${what}`);
      if (answer.value.pause.ending !== null) {
        if (heardMs !== null && timeline.nowMs - Math.max(heardMs, beganMs) > TOLD_LATE_MS) wrong("is told too late");
        return;
      }
      if (process.stopping) return;
      if (heardMs !== null && heardMs < timeline.nowMs && waitMs > 0) wrong("is told that it is pending");
      if (!abort.signal.aborted && timeline.nowMs < beganMs + waitMs - EARLY_MS) wrong("is sent away too soon");
    });
  }

  function list(): Promise<void> {
    return counted(async () => {
      const caller = random.pick(callers);
      const status = random.pick([null, ...PAUSE_STATUSES]);
      const limit = random.pick([1, 5, 50]);
      const own = known.filter(({ ask }) => ask.caller.tenantSeq === caller.tenantSeq);
      const due = own.filter(({ ending }) => status === null || (ending?.status ?? "pending") === status);
      const found: Pause[] = [];
      for (let cursor: Cursor | null = null; ; ) {
        const look = pauseWatch.look();
        const answer: Answer<{ views: readonly PauseView[]; next: Cursor | null }> = await world.ask((engine) =>
          engine.pauses.list(caller, { status, cursor, limit }),
        );
        if (answer.kind !== "ok") return;
        for (const view of answer.value.views) {
          checkView(caller, view);
          look.told(view.pause);
          found.push(view.pause);
        }
        cursor = answer.value.next;
        if (cursor === null) break;
      }
      const wrong = (what: string) => world.fault(`the list of ${status ?? "all"} pauses: ${what}`);
      const ids = new Set(found.map(({ id }) => id));
      const missing = due.find(({ id }) => !ids.has(id) && (status !== "pending" || !pauseWatch.isEnded(id)));
      if (missing !== undefined) wrong(`${missing.id} is not in it`);
      if (found.some(({ ending }) => status !== null && (ending?.status ?? "pending") !== status))
        wrong("of another status");
      if (found.some(({ seq }, index) => seq >= (found[index - 1]?.seq ?? Number.POSITIVE_INFINITY)))
        wrong("its order");
    });
  }

  function openLink(pause: KnownPause): Promise<void> {
    return counted(async () => {
      const { token } = pause;
      if (token === null) return;
      const look = pauseWatch.look();
      const answer = await world.ask((engine) =>
        engine.pauses.open(token, { method: random.pick(["GET", "HEAD"]), userAgent: null }),
      );
      if (answer.kind !== "ok") return;
      if (answer.value === null) world.fault(`pause ${pause.id}: its link is unknown`);
      else look.told(answer.value);
    });
  }

  // ── What must not work ────────────────────────────────────────────────────────────────────────────────────────────

  function trespass(pause: KnownPause): Promise<void> {
    return counted(async () => {
      const stranger = callers.find(({ tenantSeq }) => tenantSeq !== pause.ask.caller.tenantSeq);
      const wrong = (what: string) => world.fault(`pause ${pause.id}: ${what}`);
      if (stranger !== undefined) {
        const seen = await world.ask((engine) => engine.pauses.get(stranger, pause.id, null));
        if (seen.kind === "ok" && seen.value !== null) wrong("a stranger sees it");
        const cancelled = await world.ask((engine) => engine.pauses.cancel(stranger, pause.id));
        if (cancelled.kind === "ok" && cancelled.value.kind !== "unknown") wrong("a stranger cancels it");
      }
      if (pause.token === null) return;
      const at = random.below(pause.token.length);
      const forged = pause.token.slice(0, at) + (pause.token[at] === "A" ? "B" : "A") + pause.token.slice(at + 1);
      const answer = { choice: choiceFor(pause), text: null };
      const decided = await world.ask((engine) => engine.pauses.respond(forged, answer));
      if (decided.kind === "ok" && decided.value.kind !== "unknown") wrong("a forged link decides");
      const opened = await world.ask((engine) => engine.pauses.open(forged, { method: "GET", userAgent: null }));
      if (opened.kind === "ok" && opened.value !== null) wrong("a forged link opens it");
    });
  }

  async function audit(pause: KnownPause): Promise<void> {
    const filter = { pauseId: pause.id, type: null, from: null, to: null, offset: 0, limit: 100 };
    const answer = await world.ask((engine) => engine.pauses.audit(pause.ask.caller, filter));
    if (answer.kind !== "ok") return;
    if (!answer.value.rows.some(({ type }) => type === "pause.created")) {
      world.fault(`pause ${pause.id}: the audit does not know who made it`);
    }
  }

  return { respond: (pause) => respond(pause), cancel, read, list, openLink, trespass, audit };
}

function summary(answer: Answer<{ readonly kind: string }>): string {
  return answer.kind === "ok" ? answer.value.kind : answer.kind;
}
