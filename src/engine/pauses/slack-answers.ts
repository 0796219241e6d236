/**
 * Answers that people give in Slack. A click gets its response at once, since Slack waits for three seconds, and is worked on
 * afterwards. The buttons of a message only ask: the reply, which only the person sees, shows the question as it is stored
 * and asks to confirm. A message that somebody else posts around the same buttons can therefore mislead nobody.
 */
import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { includesRole } from "../../domain/access/access.ts";
import { requesterOf } from "../../domain/access/tenant.ts";
import { StoreUnavailable } from "../../domain/errors.ts";
import type { EpochMs } from "../../domain/ids.ts";
import type { InboundRequest } from "../../domain/inbound/request.ts";
import type { SourceSettings } from "../../domain/inbound/source.ts";
import {
  entriesMax,
  SLACK_CLICKS_COUNT_MAX,
  SLACK_CLICKS_OF_PERSON_COUNT_MAX,
  SLACK_CONFIRM_MS,
  SLACK_REQUESTS_SEEN_COUNT_MAX,
  STOP_GRACE_MS,
} from "../../domain/limits.ts";
import { deciders, type Ending, mayDecide, type Pause } from "../../domain/pauses/pause.ts";
import { isRequester } from "../../domain/pauses/plan.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SlackApp, SlackQuestion, SlackRefusal, SlackReply } from "../../ports/slack.ts";
import type { Store, UserCredentials } from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { verifyRequest } from "../inbound/verify/verify.ts";
import type { Pauses } from "./pauses.ts";
import type { SlackButton, SlackButtons } from "./slack-buttons.ts";
import { readInteraction, type SlackClick } from "./slack-click.ts";

export interface SlackAnswersOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, "findUserByEmail">;
  readonly telemetry: Pick<Telemetry, "noticed">;
  /** Null: not configured. */
  readonly app: SlackApp | null;
  readonly buttons: SlackButtons;
  readonly pauses: Pick<Pauses, "find" | "decide">;
  /** The page where a person can answer instead. */
  readonly pageOf: (pause: Pause) => string;
}

export type SlackOutput =
  /** Slack has not signed it, or it was received before. */
  | { readonly kind: "unauthorized" }
  | { readonly kind: "invalid"; readonly field: string; readonly rule: string }
  /** Too many clicks are in progress, or the server is stopping. */
  | { readonly kind: "busy" }
  | { readonly kind: "accepted" };

export interface SlackService {
  /** A request that claims to be from Slack. Returns before anything is looked up. */
  receive(request: InboundRequest): SlackOutput;
}

/** What a click leads to. The replies go out in their order. */
interface Answered {
  readonly pause: Pause | null;
  /** What became of the click, for the log. */
  readonly outcome: string;
  /** Why it is so, for the log. */
  readonly reason?: string;
  readonly replies: readonly Addressed[];
}

interface Addressed {
  readonly url: string;
  readonly reply: SlackReply;
  readonly replaces: boolean;
}

interface Running {
  readonly app: SlackApp;
  readonly click: SlackClick;
  readonly button: SlackButton;
  readonly pause: Pause;
}

type UserCheck =
  | { readonly kind: "user"; readonly user: UserCredentials }
  | { readonly kind: "stranger" | "noUser" }
  | { readonly kind: "unavailable"; readonly reason: string };

const UNAUTHORIZED = { kind: "unauthorized" } as const;
const BUSY = { kind: "busy" } as const;
const ACCEPTED = { kind: "accepted" } as const;

export class SlackAnswers implements SlackService {
  readonly #options: SlackAnswersOptions;
  readonly #seen = new LRUCache<string, true>(entriesMax(SLACK_REQUESTS_SEEN_COUNT_MAX));
  readonly #running = new Set<Promise<void>>();
  readonly #ofPerson = new Map<string, number>();
  #stopping = false;

  constructor(options: SlackAnswersOptions) {
    this.#options = options;
  }

  receive(request: InboundRequest): SlackOutput {
    const { app, clock } = this.#options;
    if (app === null || !isSignedBySlack(request, app, clock.now()) || this.#isReplay(request)) return UNAUTHORIZED;
    const interaction = readInteraction(request.body);
    if (interaction.kind === "invalid") return interaction;
    if (interaction.kind === "other") return ACCEPTED;
    const ofPerson = this.#ofPerson.get(interaction.person) ?? 0;
    if (this.#stopping || this.#running.size >= SLACK_CLICKS_COUNT_MAX) return BUSY;
    if (ofPerson >= SLACK_CLICKS_OF_PERSON_COUNT_MAX) return BUSY;
    this.#ofPerson.set(interaction.person, ofPerson + 1);
    const working = this.#work(app, interaction).finally(() => {
      this.#running.delete(working);
      this.#release(interaction.person);
    });
    this.#running.add(working);
    return ACCEPTED;
  }

  /** Wait for the clicks in progress, for at most `STOP_GRACE_MS`. */
  async stop(): Promise<void> {
    const { app, clock } = this.#options;
    this.#stopping = true;
    const grace = clock.after(STOP_GRACE_MS, () => void app?.close());
    await Promise.all(this.#running);
    grace.cancel();
    await app?.close();
  }

  #release(person: string): void {
    const left = (this.#ofPerson.get(person) ?? 1) - 1;
    if (left === 0) this.#ofPerson.delete(person);
    else this.#ofPerson.set(person, left);
  }

  /** A signature is valid for minutes, in which nobody else may use the request again. */
  #isReplay({ headers, body }: InboundRequest): boolean {
    const key = hash("sha256", `${headers["x-slack-request-timestamp"]}:${hash("sha256", body, "hex")}`, "hex");
    if (this.#seen.has(key)) return true;
    this.#seen.set(key, true);
    return false;
  }

  async #work(app: SlackApp, click: SlackClick): Promise<void> {
    const { telemetry } = this.#options;
    const answered = await this.#answer(app, click).catch((error): Answered => {
      if (!(error instanceof StoreUnavailable)) report(telemetry, error);
      return refusal(click, "unavailable", error instanceof Error ? error.message : String(error));
    });
    const failures: string[] = [];
    for (const { url, reply, replaces } of answered.replies) {
      const failure = await app.reply(url, reply, replaces);
      if (failure !== null) failures.push(failure);
    }
    const { pause, outcome, reason = null } = answered;
    telemetry.noticed({
      level: failures.length > 0 || reason !== null ? "warn" : "info",
      what: "slack_click",
      fields: {
        pause: pause?.id ?? null,
        tenant: pause?.tenantId ?? null,
        outcome,
        reason: [...(reason === null ? [] : [reason]), ...failures].join("; ") || null,
      },
    });
  }

  async #answer(app: SlackApp, click: SlackClick): Promise<Answered> {
    const { buttons, clock, pauses } = this.#options;
    const button = buttons.read(click.value);
    if (button === null || (button.step === "confirm" && button.person !== click.person)) {
      return refusal(click, "badButton");
    }
    const pause = await pauses.find(button.pauseId);
    if (pause === null) return refusal(click, "gone");
    const running: Running = { app, click, button, pause };
    if (pause.ending === null && button.step === "confirm" && button.until < clock.now()) {
      return this.#refuse(running, "expired");
    }
    // Everybody who sees the message may know how the question ended.
    if (pause.ending !== null && button.step === "choose") return this.#ended(running, pause.ending, null);
    const check = await this.#userOf(running);
    if (check.kind !== "user") {
      if (pause.ending !== null) return this.#ended(running, pause.ending, null);
      return this.#refuse(running, check.kind, "reason" in check ? check.reason : undefined);
    }
    return button.step === "choose" ? this.#choose(running, check.user) : this.#decide(running, check.user);
  }

  /** The user of the pause's tenant that the person is, by the email address that Slack has confirmed. */
  async #userOf({ app, click, pause }: Running): Promise<UserCheck> {
    const member = await app.memberOf(click.person);
    if (member.kind !== "member") return member;
    const user = await this.#options.store.findUserByEmail(member.email);
    const isUser = user !== null && user.tenantSeq === pause.tenantSeq && includesRole(user.role, "developer");
    return isUser ? { kind: "user", user } : { kind: "noUser" };
  }

  /** Ask to confirm. */
  #choose(running: Running, { id }: UserCredentials): Answered {
    const { click, button, pause } = running;
    const option = pause.options[button.option] ?? "";
    if (isRequester(pause, id)) return this.#refuse(running, "requester");
    if (!mayDecide(pause, id)) return notAnApprover(running);
    if (pause.signIn?.protected === true) return this.#refuse(running, "protected");
    const { buttons, clock } = this.#options;
    const value = buttons.valueOf({
      step: "confirm",
      pauseId: pause.id,
      option: button.option,
      person: click.person,
      until: clock.now() + SLACK_CONFIRM_MS,
      messageUrl: click.replyUrl,
    });
    const { allowTextResponse } = pause;
    const question = this.#questionOf(pause);
    const reply = { kind: "confirm", question, option, value, allowTextResponse } as const;
    return { pause, outcome: "asked", replies: [{ url: click.replyUrl, reply, replaces: false }] };
  }

  async #decide(running: Running, { id, email, role }: UserCredentials): Promise<Answered> {
    const { click, button, pause } = running;
    const { tenantId, tenantSeq } = pause;
    const choice = pause.options[button.option] ?? "";
    const caller = {
      actor: { kind: "user", id, role, tenantId, tenantSeq, test: false },
      tenantId,
      tenantSeq,
    } as const;
    const output = await this.#options.pauses.decide(caller, pause.id, {
      choice,
      text: null,
      by: { via: "slack", email },
    });
    switch (output.kind) {
      case "decided":
        return this.#ended({ ...running, pause: output.pause }, output.ending, null);
      case "tooLate":
        return this.#ended({ ...running, pause: output.pause }, output.ending, choice);
      case "voted":
        return this.#voted({ ...running, pause: output.pause }, choice);
      case "requester":
      case "votedBefore":
        return this.#refuse(running, output.kind);
      case "notAnApprover":
        return notAnApprover(running);
      case "passwordRequired":
        return this.#refuse(running, "protected");
      case "unknown":
        return refusal(click, "gone");
      default:
        return refusal(click, "badButton", output.kind);
    }
  }

  /** The message for everybody keeps its buttons. */
  #voted({ click, pause }: Running, choice: string): Answered {
    const votes = pause.votes.filter((vote) => vote.choice === choice).length;
    const reply = { kind: "voted", votes, quorum: pause.plan?.quorum ?? 1, page: this.#options.pageOf(pause) } as const;
    return { pause, outcome: reply.kind, replies: [{ url: click.replyUrl, reply, replaces: true }] };
  }

  /** Tell the ending where the person clicked, and in the message for everybody. */
  #ended({ click, button, pause }: Running, ending: Ending, lateChoice: string | null): Answered {
    const question = this.#questionOf(pause);
    const toPerson: SlackReply = { kind: "ended", question, ending, lateChoice };
    const toAll: SlackReply = { kind: "ended", question, ending, lateChoice: null };
    const messageUrl = button.step === "confirm" ? button.messageUrl : null;
    return {
      pause,
      outcome: lateChoice === null ? ending.status : "tooLate",
      replies: [
        { url: click.replyUrl, reply: toPerson, replaces: true },
        ...(messageUrl === null ? [] : [{ url: messageUrl, reply: toAll, replaces: true }]),
      ],
    };
  }

  #refuse({ click, button, pause }: Running, kind: SlackRefusal, reason?: string): Answered {
    const reply = { kind, page: this.#options.pageOf(pause) };
    // After a failure the person can press the button once more.
    const replaces = button.step === "confirm" && kind !== "unavailable";
    const why = reason === undefined ? {} : { reason };
    return { pause, outcome: kind, ...why, replies: [{ url: click.replyUrl, reply, replaces }] };
  }

  #questionOf(pause: Pause): SlackQuestion {
    const { message, details } = pause;
    return { requester: requesterOf(pause), message, details, page: this.#options.pageOf(pause) };
  }
}

/** A refusal that names no pause. */
function refusal({ replyUrl }: SlackClick, kind: SlackRefusal, reason?: string): Answered {
  const replies = [{ url: replyUrl, reply: { kind, page: null }, replaces: false }];
  return { pause: null, outcome: kind, ...(reason !== undefined && { reason }), replies };
}

function notAnApprover({ click, button, pause }: Running): Answered {
  const approvers = deciders(pause).map(({ email }) => email);
  const reply: SlackReply = { kind: "notAnApprover", approvers };
  const replaces = button.step === "confirm";
  return { pause, outcome: reply.kind, replies: [{ url: click.replyUrl, reply, replaces }] };
}

/** Requests for the app are signed like those that a source receives. */
const SIGNED_BY_SLACK: SourceSettings = {
  name: "slack",
  scheme: "slack",
  eventType: { place: null, prefix: "", fallback: null },
  hmac: null,
  basic: null,
};

function isSignedBySlack(request: InboundRequest, { signingSecret }: SlackApp, now: EpochMs): boolean {
  return verifyRequest(SIGNED_BY_SLACK, [signingSecret], request, now).kind === "verified";
}

function report(telemetry: Pick<Telemetry, "noticed">, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  telemetry.noticed({ level: "error", what: "slack_click_failed", fields: { error: text } });
}
