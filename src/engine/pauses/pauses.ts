/** Human pauses: made, shown, waited for, and ended exactly once. */
import { hash } from "node:crypto";
import { StoreUnavailable } from "../../domain/errors.ts";
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import { PAUSE_LIFE_MS_MIN } from "../../domain/limits.ts";
import { isSameAnswer, type NotificationState, type Pause } from "../../domain/pauses/pause.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EndPause, EndPauseResult, IdempotencyClaim, Store } from "../../ports/store.ts";
import type { Claims } from "../delivery/claims.ts";
import type { Caller } from "../engine-types.ts";
import type { Outage } from "../upkeep/outage.ts";
import type { Notifications } from "./notifications.ts";
import { startDeadlines } from "./pause-deadlines.ts";
import type { CreatePauseAnswer, CreatePauseInput, PauseService, PauseView, RespondAnswer } from "./pause-service.ts";
import type { RespondLinks } from "./respond-links.ts";
import type { Waits } from "./waits.ts";

export interface Pauses extends PauseService {
  stop(): Promise<void>;
}

export interface PausesOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly outage: Outage;
  readonly claims: Pick<Claims, "wake">;
  readonly notifications: Notifications;
  readonly links: RespondLinks;
  readonly waits: Waits;
  /** The page of a token. */
  readonly respondUrl: (token: string) => string;
}

type Vetted =
  | { readonly kind: "accepted"; readonly notification: NotificationState }
  | Extract<CreatePauseAnswer, { kind: "channelNotConfigured" | "recipientRefused" }>;

const SECOND_MS = 1000;

export function startPauses(options: PausesOptions): Pauses {
  const { clock, store, claims, notifications, links, waits } = options;
  const deadlines = startDeadlines({
    clock,
    store,
    outage: options.outage,
    onEnded(ids, woken) {
      claims.wake(woken);
      for (const id of ids) waits.tell(id);
    },
  });

  function viewOf(pause: Pause): PauseView {
    return { pause, respondUrl: pause.ending === null ? options.respondUrl(links.tokenOf(pause)) : null };
  }

  /** With its link though it may have ended meanwhile: a repeat answers what the first one did. */
  function linked(pause: Pause): PauseView {
    return { pause, respondUrl: options.respondUrl(links.tokenOf(pause)) };
  }

  async function end(request: EndPause): Promise<EndPauseResult> {
    const result = await store.endPause(request);
    if (result.kind === "unknown") return result;
    claims.wake(result.woken);
    if (result.pause.ending !== null) waits.tell(request.id);
    return result;
  }

  /** The pause as it may be told: once its deadline has come, its time-out is written down first. */
  async function toldOf(pause: Pause): Promise<Pause> {
    const now = clock.now();
    if (pause.ending !== null || now < pause.expiresAt) return pause;
    const result = await end({ id: pause.id, by: "deadline", now });
    return result.kind === "unknown" ? pause : result.pause;
  }

  async function find(tenantSeq: number | null, id: Uuid): Promise<Pause | null> {
    const pause = await store.getPause(tenantSeq, id);
    return pause === null ? null : toldOf(pause);
  }

  async function create(caller: Caller, input: CreatePauseInput): Promise<CreatePauseAnswer> {
    const vetted = await vet(caller, input);
    // A repeat is answered as the first one was, also when the channel is gone meanwhile.
    if (vetted.kind !== "accepted") return (await repeatOf(caller, input)) ?? vetted;
    const { notification } = vetted;
    const now = clock.now();
    const result = await store.createPause({
      actor: caller.actor,
      tenantSeq: caller.tenantSeq,
      id: clock.uuid(),
      question: input.question,
      recipient: input.recipient,
      notification,
      expiresAt: deadlineOf(now, input.expiresInSeconds),
      idempotency: idempotencyOf(caller, input),
      now,
    });
    if (result.kind === "conflict" || result.kind === "quotaExceeded") return result;
    deadlines.note(result.pause.expiresAt);
    if (input.recipient !== null && notification.status === "pending") notifications.wake(input.recipient.channel);
    return { kind: "created", view: linked(result.pause) };
  }

  async function repeatOf(caller: Caller, input: CreatePauseInput): Promise<CreatePauseAnswer | null> {
    const idempotency = idempotencyOf(caller, input);
    if (idempotency === null) return null;
    const pause = await store.findRepeatedPause(caller.tenantSeq, idempotency, clock.now());
    return pause === null ? null : { kind: "created", view: linked(pause) };
  }

  /** Whether somebody will be told, or why they cannot. */
  async function vet({ actor }: Caller, { recipient }: CreatePauseInput): Promise<Vetted> {
    if (recipient === null) return { kind: "accepted", notification: { status: "none", reason: null } };
    const { channel, address } = recipient;
    if (!notifications.isConfigured(channel) && !actor.test) return { kind: "channelNotConfigured", channel };
    const reason = await notifications.addressFault(channel, address);
    if (reason !== null) return { kind: "recipientRefused", reason };
    if (actor.test) return { kind: "accepted", notification: { status: "none", reason: "made with a test key" } };
    return { kind: "accepted", notification: { status: "pending", reason: null } };
  }

  async function respond(
    token: string,
    { choice, text }: { choice: string; text: string | null },
  ): Promise<RespondAnswer> {
    const id = links.read(token);
    const pause = id === null ? null : await find(null, id);
    if (pause === null) return { kind: "unknown" };
    if (pause.ending === null) {
      if (!pause.options.includes(choice)) return { kind: "noSuchChoice", pause };
      if (text !== null && !pause.allowTextResponse) return { kind: "textNotAllowed", pause };
    }
    const result = await end({ id: pause.id, by: "human", choice, text, now: clock.now() });
    if (result.kind === "unknown" || result.pause.ending === null) return { kind: "unknown" };
    const { ending } = result.pause;
    return { kind: isSameAnswer(ending, choice, text) ? "decided" : "tooLate", pause: result.pause, ending };
  }

  return {
    create,
    respond,
    async get({ tenantSeq }, id, patience) {
      if (patience === null) {
        const pause = await find(tenantSeq, id);
        return pause === null ? null : viewOf(pause);
      }
      const watch = waits.watch(tenantSeq, id);
      if (watch === null) return "tooMany";
      try {
        const untilMs = clock.monotonicMs() + patience.waitMs;
        let pause = await find(tenantSeq, id);
        while (pause !== null && pause.ending === null) {
          const waitMs = Math.max(untilMs - clock.monotonicMs(), 0);
          if ((await watch.told({ ...patience, waitMs })) === "enough") return viewOf(pause);
          pause = await find(tenantSeq, id);
        }
        return pause === null ? null : viewOf(pause);
      } finally {
        watch.end();
      }
    },
    async list({ tenantSeq }, { status, cursor, limit }) {
      await deadlines.caughtUp();
      const page = await store.listPauses({ tenantSeq, status }, cursor, limit);
      const told = await Promise.all(page.pauses.map(toldOf));
      const shown = told.filter((pause) => status === null || (pause.ending?.status ?? "pending") === status);
      return { views: shown.map(viewOf), next: page.next };
    },
    async cancel({ actor, tenantSeq }, id) {
      const result = await end({ id, by: "developer", actor, tenantSeq, now: clock.now() });
      if (result.kind === "unknown" || result.kind === "pending") return { kind: "unknown" };
      return { kind: result.kind === "ended" ? "cancelled" : "before", view: viewOf(result.pause) };
    },
    async open(token, { method, userAgent }) {
      const id = links.read(token);
      const pause = id === null ? null : await find(null, id);
      if (pause === null) return null;
      await store.recordOpening({ pauseId: pause.id, method, userAgent, now: clock.now() }).catch((error) => {
        // Whoever wants to read the question may, while it cannot be written down that they did.
        if (!(error instanceof StoreUnavailable)) throw error;
      });
      return pause;
    },
    audit: ({ tenantSeq }, { offset, limit, ...filter }) => store.listAudit({ tenantSeq, ...filter }, offset, limit),
    async stop() {
      waits.close();
      await deadlines.stop();
    },
  };
}

/** On a whole second, as every view shows it: what a caller reads is when it ends. */
function deadlineOf(now: EpochMs, seconds: number): EpochMs {
  const shown = Math.floor(now / SECOND_MS) * SECOND_MS + seconds * SECOND_MS;
  return shown - now < PAUSE_LIFE_MS_MIN ? shown + SECOND_MS : shown;
}

function idempotencyOf({ actor }: Caller, input: CreatePauseInput): IdempotencyClaim | null {
  const { idempotencyKey, question, recipient, expiresInSeconds } = input;
  if (idempotencyKey === null) return null;
  const { message, options, allowTextResponse, timeoutDefault, metadata } = question;
  const asked = [
    message,
    options,
    allowTextResponse,
    timeoutDefault,
    metadata,
    recipient,
    expiresInSeconds,
    actor.test,
  ];
  return {
    surface: "pauses",
    keyHash: hash("sha256", idempotencyKey, "hex"),
    fingerprint: hash("sha256", JSON.stringify(asked), "hex"),
  };
}
