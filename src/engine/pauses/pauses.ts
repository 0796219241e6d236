/** Human pauses: created, shown, waited for, and ended exactly once. */
import { hash } from "node:crypto";
import { StoreUnavailable } from "../../domain/errors.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { AGENT_WAITS_OF_PAUSE_COUNT_MAX, PAUSE_LIFE_MS_MIN, PAUSE_SECONDS_MAX } from "../../domain/limits.ts";
import { channelOf, mayDecide, type Pause } from "../../domain/pauses/pause.ts";
import { isRequester, nextStepAt } from "../../domain/pauses/plan.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DuePauses, EndPause, EndPauseResult, IdempotencyClaim, Store, Wake } from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { Caller } from "../access/caller.ts";
import type { SessionService } from "../access/session-types.ts";
import type { Claims } from "../delivery/claims.ts";
import type { Streams } from "../history/streams.ts";
import type { Outage } from "../upkeep/outage.ts";
import { type Answer, answerFault, hasCounted } from "./answers.ts";
import type { Notifications } from "./notifications.ts";
import { PauseDeadlines } from "./pause-deadlines.ts";
import type {
  CreatePauseInput,
  CreatePauseOutput,
  DecideInput,
  DecideOutput,
  ExtendOutput,
  ListPausesInput,
  LongPoll,
  NewDeadline,
  PauseService,
  PauseView,
  ResendOutput,
  RespondOutput,
  Unread,
} from "./pause-types.ts";
import { checkRecipient } from "./recipients.ts";
import type { RespondLinks } from "./respond-links.ts";
import type { Waits, Watch } from "./waits.ts";

export interface PausesOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly telemetry: Pick<Telemetry, "counted">;
  readonly outage: Outage;
  readonly claims: Pick<Claims, "wake">;
  readonly notifications: Notifications;
  readonly links: RespondLinks;
  readonly waits: Waits;
  readonly streams: Pick<Streams, "announce">;
  readonly sessions: Pick<SessionService, "confirm">;
  /** The URL of a token's page. */
  readonly respondUrl: (token: string) => string;
}

const SECOND_MS = 1000;

export class Pauses implements PauseService {
  readonly #options: PausesOptions;
  readonly #deadlines: PauseDeadlines;

  constructor(options: PausesOptions) {
    this.#options = options;
    const { clock, store, outage } = options;
    this.#deadlines = new PauseDeadlines({
      clock,
      store,
      outage,
      onEnded: (ended, woken) => this.#onEnded(ended, woken),
      onStepped: (stepped) => this.#onStepped(stepped),
    });
  }

  /** Start to time pauses out. */
  start(): void {
    this.#deadlines.start();
  }

  async stop(): Promise<void> {
    this.#options.waits.close();
    await this.#deadlines.stop();
  }

  async create(caller: Caller, input: CreatePauseInput): Promise<CreatePauseOutput> {
    const { clock, notifications, store } = this.#options;
    const check = await checkRecipient(notifications, caller.actor, input);
    // A repeated request gets the first response even if the channel is no longer configured.
    if (check.kind !== "accepted") return (await this.#findRepeated(caller, input)) ?? check;
    const { notification } = check;
    const { question, recipient, signIn, plan, tellsApprovers, trace } = input;
    const now = clock.now();
    const result = await store.createPause({
      actor: caller.actor,
      tenantSeq: caller.tenantSeq,
      id: clock.uuid(),
      question,
      recipient,
      signIn,
      plan,
      tellsApprovers,
      notification,
      ...(input.act !== undefined && { act: input.act }),
      expiresAt: deadlineOf(now, input.expiresInSeconds),
      idempotency: idempotencyOf(caller, input),
      trace,
      now,
    });
    if (result.kind !== "created" && result.kind !== "repeated") return result;
    this.#deadlines.add(nextStepAt(result.pause) ?? result.pause.expiresAt);
    if (result.kind === "created") this.#announce(result.pause);
    const channel = channelOf(input);
    if (channel !== null && notification.status === "pending") notifications.wake(channel);
    return { kind: "created", view: this.#viewWithLink(result.pause) };
  }

  async get(caller: Caller, id: Uuid, poll: LongPoll | null): Promise<PauseView | null | Unread> {
    const { tenantSeq } = caller;
    if (poll === null || caller.actor.agent !== undefined) {
      const pause = await this.#find(tenantSeq, id);
      if (pause === null || !maySee(caller, pause)) return null;
      if (poll === null || pause.ending !== null) return this.#viewOf(pause);
    }
    const ofPauseMax = caller.actor.agent === undefined ? undefined : AGENT_WAITS_OF_PAUSE_COUNT_MAX;
    const watch = this.#options.waits.watch(tenantSeq, id, ofPauseMax);
    if (watch === null) return "tooMany";
    try {
      const pause = await this.#waitForEnd(tenantSeq, id, watch, poll);
      return pause === null || pause === "unauthorized" ? pause : this.#viewOf(pause);
    } finally {
      watch.end();
    }
  }

  async list({ actor, tenantSeq }: Caller, { cursor, limit, ...filter }: ListPausesInput) {
    await this.#deadlines.caughtUp();
    const own = actor.agent === undefined ? {} : { agentId: actor.agent.id };
    const page = await this.#options.store.listPauses({ tenantSeq, ...filter, ...own }, cursor, limit);
    const status = filter.order === "deadline" ? "pending" : filter.status;
    const current = await Promise.all(page.pauses.map((pause) => this.#timeOutIfDue(pause)));
    const shown = current.filter((pause) => status === null || (pause.ending?.status ?? "pending") === status);
    return { views: shown.map((pause) => this.#viewOf(pause)), next: page.next };
  }

  async counts({ tenantSeq }: Caller) {
    await this.#deadlines.caughtUp();
    return this.#options.store.countPauses(tenantSeq);
  }

  async endings(
    { tenantSeq }: Caller,
    { from, to, stepMs }: { readonly from: EpochMs; readonly to: EpochMs; readonly stepMs: number },
  ) {
    await this.#deadlines.caughtUp();
    return this.#options.store.countPauseEndings(tenantSeq, { from, to, stepMs });
  }

  /** A pause of any node has this deadline. */
  endAt(deadline: EpochMs): void {
    this.#deadlines.add(deadline);
  }

  async cancel(caller: Caller, id: Uuid) {
    const { actor, tenantSeq } = caller;
    if (actor.agent !== undefined) {
      const pause = await this.#find(tenantSeq, id);
      if (pause === null || !maySee(caller, pause)) return { kind: "unknown" } as const;
    }
    const result = await this.#end({ id, by: "developer", actor, tenantSeq, now: this.#options.clock.now() });
    if (result.kind === "unknown" || result.kind === "pending") return { kind: "unknown" } as const;
    const kind = result.kind === "ended" ? "cancelled" : "before";
    return { kind, view: this.#viewOf(result.pause) } as const;
  }

  async open(token: string, { method, userAgent }: { method: string; userAgent: string | null }) {
    const { clock, store } = this.#options;
    const pause = await this.#findByToken(token);
    if (pause === null) return null;
    await store.recordOpening({ pauseId: pause.id, method, userAgent, now: clock.now() }).catch((error) => {
      // People can still read the question while the store cannot record that they opened it.
      if (!(error instanceof StoreUnavailable)) throw error;
    });
    return pause;
  }

  async respond(token: string, answer: { choice: string; text: string | null }): Promise<RespondOutput> {
    const { choice, text } = answer;
    const pause = await this.#findByToken(token);
    if (pause === null) return { kind: "unknown" };
    if (pause.signIn !== null) return { kind: "signInRequired", pause };
    const request = { id: pause.id, by: "human", choice, text, now: this.#options.clock.now() } as const;
    return answerFault(pause, answer) ?? this.#answer(request);
  }

  async decide({ actor, tenantSeq }: Caller, id: Uuid, input: DecideInput): Promise<DecideOutput> {
    const { choice, text, by } = input;
    // An escalation that is due lets more people decide.
    await this.#deadlines.caughtUp();
    const pause = await this.#find(tenantSeq, id);
    if (pause === null) return { kind: "unknown" };
    if (isRequester(pause, actor.id)) return { kind: "requester", pause };
    if (!mayDecide(pause, actor.id)) return { kind: "notAnApprover", pause };
    const fault = answerFault(pause, input);
    if (fault !== null) return fault;
    if (pause.ending === null && pause.signIn?.protected === true) {
      if (by.via === "slack") return { kind: "passwordRequired" };
      const confirmed = await this.#options.sessions.confirm(by.session, by.password);
      if (confirmed.kind !== "confirmed") return confirmed;
    }
    const now = this.#options.clock.now();
    const user = by.via === "slack" ? { email: by.email, via: by.via } : { email: by.session.email };
    return this.#answer({ id, by: "user", actor, ...user, tenantSeq, choice, text, now });
  }

  async extend({ actor, tenantSeq }: Caller, id: Uuid, deadline: NewDeadline): Promise<ExtendOutput> {
    const now = this.#options.clock.now();
    const expiresAt = "at" in deadline ? deadline.at : deadlineOf(now, deadline.seconds);
    if (expiresAt > now + (PAUSE_SECONDS_MAX + 1) * SECOND_MS) return { kind: "tooFar" };
    const before = await this.#find(tenantSeq, id);
    if (before === null) return { kind: "unknown" };
    const result = await this.#options.store.extendPause({ actor, tenantSeq, id, expiresAt, now });
    if (result.kind === "unknown") return result;
    const pause = await this.#timeOutIfDue(result.pause);
    if (pause.ending !== null) return { kind: "ended", ending: pause.ending };
    if (result.kind === "ended") return { kind: "unknown" };
    if (result.kind === "extended") this.#announce(pause);
    return { kind: result.kind, view: this.#viewOf(pause) };
  }

  async resend({ actor, tenantSeq }: Caller, id: Uuid): Promise<ResendOutput> {
    const { clock, notifications, store } = this.#options;
    const before = await this.#find(tenantSeq, id);
    const channel = before === null ? null : channelOf(before);
    if (channel !== null && !notifications.isConfigured(channel)) return { kind: "channelNotConfigured", channel };
    const result = await store.resendNotification({ actor, tenantSeq, id, now: clock.now() });
    if (!("pause" in result)) return result;
    if (result.kind === "resent" && channel !== null) notifications.wake(channel);
    if (result.kind === "resent") this.#announce(result.pause);
    return { kind: result.kind, view: this.#viewOf(await this.#timeOutIfDue(result.pause)) };
  }

  async reveal({ actor, tenantSeq }: Caller, id: Uuid): Promise<PauseView | null> {
    const before = await this.#find(tenantSeq, id);
    if (before === null) return null;
    const { clock, store } = this.#options;
    const pause = await store.recordReveal({ actor, tenantSeq, id, now: clock.now() });
    return pause === null ? null : { pause, respondUrl: pause.ending === null ? this.#linkOf(pause) : null };
  }

  /** A pause of any tenant, as it is now. */
  find(id: Uuid): Promise<Pause | null> {
    return this.#find(null, id);
  }

  #onEnded(ended: DuePauses["ended"], woken: readonly Wake[]): void {
    const { claims, streams, waits } = this.#options;
    claims.wake(woken);
    for (const { id, tenantSeq } of ended) {
      waits.signal(id);
      streams.announce(tenantSeq, { topic: "pause", pauseId: id, status: "timed_out" });
    }
  }

  #onStepped(stepped: DuePauses["stepped"]): void {
    const { notifications, streams } = this.#options;
    for (const { id, tenantSeq, channel } of stepped) {
      if (channel !== null) notifications.wake(channel);
      streams.announce(tenantSeq, { topic: "pause", pauseId: id, status: "pending" });
    }
  }

  async #end(request: EndPause): Promise<EndPauseResult> {
    const { claims, store, telemetry, waits } = this.#options;
    const result = await store.endPause(request);
    if (result.kind === "unknown") return result;
    claims.wake(result.woken);
    if (result.kind === "voted") this.#announce(result.pause);
    if (result.pause.ending === null) return result;
    waits.signal(request.id);
    this.#announce(result.pause);
    const { createdAt, ending } = result.pause;
    if (result.kind === "ended" && ending.status === "responded") {
      telemetry.counted({ what: "answer", afterMs: ending.at - createdAt });
    }
    return result;
  }

  async #answer(request: Answer & { readonly by: "human" }): Promise<RespondOutput>;
  async #answer(request: Answer): Promise<DecideOutput>;
  async #answer(request: Answer): Promise<DecideOutput> {
    const result = await this.#end(request);
    switch (result.kind) {
      case "voted":
        return { kind: "voted", pause: result.pause };
      case "votedBefore":
        return { kind: "votedBefore", pause: result.pause };
      case "noVote":
        return { kind: "notAnApprover", pause: result.pause };
      default:
        if (result.kind === "unknown" || result.pause.ending === null) return { kind: "unknown" };
        return {
          kind: hasCounted(result.pause, request) ? "decided" : "tooLate",
          pause: result.pause,
          ending: result.pause.ending,
        };
    }
  }

  #announce({ id, tenantSeq, ending }: Pause): void {
    this.#options.streams.announce(tenantSeq, { topic: "pause", pauseId: id, status: ending?.status ?? "pending" });
  }

  /** A timeout may be shown only after it was stored: until then, an answer could still win. */
  async #timeOutIfDue(pause: Pause): Promise<Pause> {
    const now = this.#options.clock.now();
    if (pause.ending !== null || now < pause.expiresAt) return pause;
    const result = await this.#end({ id: pause.id, by: "deadline", now });
    return result.kind === "unknown" ? pause : result.pause;
  }

  async #find(tenantSeq: Seq | null, id: Uuid): Promise<Pause | null> {
    const pause = await this.#options.store.getPause(tenantSeq, id);
    return pause === null ? null : this.#timeOutIfDue(pause);
  }

  async #findByToken(token: string): Promise<Pause | null> {
    const id = this.#options.links.pauseIdOf(token);
    return id === null ? null : this.#find(null, id);
  }

  async #waitForEnd(tenantSeq: Seq, id: Uuid, watch: Watch, poll: LongPoll): Promise<Pause | null | "unauthorized"> {
    const { clock } = this.#options;
    const untilMs = clock.monotonicMs() + poll.waitMs;
    let pause = await this.#find(tenantSeq, id);
    while (pause !== null && pause.ending === null) {
      const waitMs = Math.max(untilMs - clock.monotonicMs(), 0);
      if (!(await watch.changed({ ...poll, waitMs }))) return pause;
      if (!(await poll.isAuthorized())) return "unauthorized";
      pause = await this.#find(tenantSeq, id);
    }
    return pause;
  }

  /** The result of an earlier request with the same idempotency key. */
  async #findRepeated(caller: Caller, input: CreatePauseInput): Promise<CreatePauseOutput | null> {
    const { clock, store } = this.#options;
    const idempotency = idempotencyOf(caller, input);
    if (idempotency === null) return null;
    const pause = await store.findRepeatedPause(caller.tenantSeq, idempotency, clock.now());
    return pause === null ? null : { kind: "created", view: this.#viewWithLink(pause) };
  }

  #viewOf(pause: Pause): PauseView {
    return pause.ending === null ? this.#viewWithLink(pause) : { pause, respondUrl: null };
  }

  /** The view that `create` returns. A repeated request gets the link again, even after the pause has ended. */
  #viewWithLink(pause: Pause): PauseView {
    return { pause, respondUrl: pause.linkWithheld ? null : this.#linkOf(pause) };
  }

  #linkOf(pause: Pause): string {
    const { links, respondUrl } = this.#options;
    return respondUrl(links.tokenOf(pause));
  }
}

/** Whether the caller is no agent, or the one that asked. Who asked never changes. */
function maySee({ actor: { agent } }: Caller, pause: Pause): boolean {
  return agent === undefined || pause.agent?.id === agent.id;
}

/** A whole second, because every view shows whole seconds: callers see exactly when the pause ends. */
function deadlineOf(now: EpochMs, seconds: number): EpochMs {
  const shown = Math.floor(now / SECOND_MS) * SECOND_MS + seconds * SECOND_MS;
  return shown - now < PAUSE_LIFE_MS_MIN ? shown + SECOND_MS : shown;
}

function idempotencyOf({ actor }: Caller, input: CreatePauseInput): IdempotencyClaim | null {
  const { idempotencyKey, question, recipient, signIn, plan, tellsApprovers, expiresInSeconds } = input;
  if (idempotencyKey === null) return null;
  const { message, options, details, allowTextResponse, timeoutDefault, metadata } = question;
  const content = [
    message,
    options,
    allowTextResponse,
    timeoutDefault,
    metadata,
    recipient,
    expiresInSeconds,
    actor.test,
    // Left out when there is none, so that a key from before an upgrade still fits its question.
    ...(signIn === null ? [] : [signIn]),
    ...(details.length === 0 ? [] : [{ details }]),
    ...(plan === null && !tellsApprovers ? [] : [plan, tellsApprovers]),
  ];
  // An agent does not get the pause of somebody else by guessing an idempotency key.
  const scope = actor.agent === undefined ? "" : `${actor.agent.id} `;
  return {
    surface: "pauses",
    keyHash: hash("sha256", scope + idempotencyKey, "hex"),
    fingerprint: hash("sha256", JSON.stringify(content), "hex"),
  };
}
