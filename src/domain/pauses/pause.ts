/**
 * Human pauses. A pause asks a person a question and ends in exactly one of three ways; see docs/pauses.md.
 *
 * A timeout becomes visible only after it is stored, which happens on the first look after the deadline. If it were
 * visible sooner, an answer that is still being committed could win afterwards, and two callers would have seen
 * different endings.
 */
import type { Agent } from "../access/access.ts";
import { type EpochMs, ID_PREFIX, type Seq, type Uuid } from "../ids.ts";
import { wholeSeconds } from "../text/time.ts";

export const PAUSE_STATUSES = ["pending", "responded", "timed_out", "cancelled"] as const;
export type PauseStatus = (typeof PAUSE_STATUSES)[number];

export const CHANNELS = ["email", "slack", "sms"] as const;
/** How a person is notified of a pause. */
export type Channel = (typeof CHANNELS)[number];

export type DecidedBy = "human" | "timeout_default";

/** Whom to notify, and through which channel. */
export interface Recipient {
  readonly channel: Channel;
  /** An email address, the URL of a Slack incoming webhook, or an E.164 number. */
  readonly address: string;
}

/** A user, by the email address at that time. */
export interface Person {
  readonly id: Uuid;
  readonly email: string;
}

/**
 * Who may decide a pause that its link only shows: a user who is signed in.
 *
 * @typeParam Approver a user's id in a request to create a pause
 */
export interface SignInRule<Approver = Person> {
  /** Whether the user must have typed the password within `PASSWORD_FRESH_MS`. */
  readonly protected: boolean;
  /** The users who may decide. Empty: every user of the tenant. */
  readonly approvers: readonly Approver[];
}

/** A fact beside the question, such as the label `Amount` and the value `340 EUR`. Both are untrusted text. */
export interface Detail {
  readonly label: string;
  readonly value: string;
}

/**
 * How several people decide a pause, and what happens as its time passes; the rules are in `plan.ts`.
 *
 * @typeParam Approver a user's id in a request to create a pause
 */
export interface Plan<Approver = Person> {
  /** How many people must choose the same option. With 1, the first decision ends the pause. */
  readonly quorum: number;
  /** The option that ends the pause with a single vote. Only with a quorum above 1. */
  readonly veto: string | null;
  /** The shares of the pause's time after which the message is sent again, in increasing order. */
  readonly reminders: readonly number[];
  /** The users who may decide too once this share of the pause's time has passed. */
  readonly escalation: { readonly share: number; readonly approvers: readonly Approver[] } | null;
}

/** The plan of a stored pause. */
export interface KnownPlan extends Plan {
  /** The user who asked, or who created the key that asked, and who has no vote. Null: no user did. */
  readonly requester: Uuid | null;
}

/** One person's decision on a pause with a quorum above 1. */
export interface Vote extends Person {
  readonly choice: string;
  readonly text: string | null;
  readonly at: EpochMs;
}

/** The question that a person is asked. */
export interface Question {
  readonly message: string;
  /** Two to five distinct options. */
  readonly options: readonly string[];
  /** What the person should know to decide, shown below the message. */
  readonly details: readonly Detail[];
  readonly allowTextResponse: boolean;
  /** The option that a timeout chooses. Null: a timeout makes no choice. */
  readonly timeoutDefault: string | null;
  /** The JSON text of an object, unchanged from the request. */
  readonly metadata: string | null;
}

/**
 * The state of a pause's notification. `none`: the pause has no recipient. `pending`: until it is sent or has failed
 * permanently.
 */
export interface NotificationState {
  readonly status: "none" | "pending" | "sent" | "failed";
  /** Why the notification was not sent; null when it was. */
  readonly reason: string | null;
}

/** What the server does for an agent, if a person approves. */
export const ACT_KINDS = ["pause_endpoint", "resume_endpoint", "recover", "replay_events"] as const;
export type ActKind = (typeof ACT_KINDS)[number];

/** The act of a question, and how far it is. */
export interface AskedAct {
  readonly kind: ActKind;
  /** Null until somebody begins it. An act begins once. */
  readonly begun: { readonly claim: Uuid; readonly at: EpochMs } | null;
  /** JSON of an object. Null until the act is done, and for good if the server was killed while it did it. */
  readonly outcome: string | null;
}

export interface Pause extends Question {
  readonly id: Uuid;
  readonly seq: Seq;
  readonly tenantId: Uuid;
  readonly tenantSeq: Seq;
  /** The requester's name, which the person is shown. */
  readonly tenantName: string;
  /** The tenant gives no key the link of a pause. */
  readonly linkWithheld: boolean;
  /** The agent that asked, with the name that its key had; null: somebody else asked. */
  readonly agent: Pick<Agent, "id" | "name"> | null;
  /** The server itself asks, for the agent, and does this if a person approves. Null: the question is the agent's own. */
  readonly act: AskedAct | null;
  readonly recipient: Recipient | null;
  /** Null: anyone who has the link may decide. */
  readonly signIn: SignInRule | null;
  /** Each approver gets the message by email, instead of one recipient. */
  readonly tellsApprovers: boolean;
  /** Null: the first decision ends the pause, and nothing happens before its deadline. */
  readonly plan: KnownPlan | null;
  /** In their order. Empty unless the plan has a quorum above 1. */
  readonly votes: readonly Vote[];
  /** Whether some option can still get enough votes. Null once the pause has ended, and if it takes no votes. */
  readonly isQuorumReachable: boolean | null;
  /** How many reminders were due so far. */
  readonly reminded: number;
  readonly escalatedAt: EpochMs | null;
  readonly notification: NotificationState;
  readonly expiresAt: EpochMs;
  readonly createdAt: EpochMs;
  readonly ending: Ending | null;
  /** The signed JSON of what people decided. Null: nobody has decided, or did before there were receipts. */
  readonly receipt: string | null;
  /** The event of the ending. Null while the pause is pending, and if it ended before events were noted. */
  readonly eventId: Uuid | null;
}

export type Ending =
  | {
      readonly status: "responded";
      readonly choice: string;
      readonly text: string | null;
      readonly at: EpochMs;
      /** The signed-in user who decided; absent when a person decided through the link. */
      readonly by?: Person;
    }
  /** `choice` is the question's default, and `at` is the pause's deadline. */
  | { readonly status: "timed_out"; readonly choice: string | null; readonly at: EpochMs }
  | { readonly status: "cancelled"; readonly at: EpochMs };

/** The ending of a pause that nobody answered before its deadline. */
export function timeOutOf({ timeoutDefault, expiresAt }: Pick<Pause, "timeoutDefault" | "expiresAt">): Ending {
  return { status: "timed_out", choice: timeoutDefault, at: expiresAt };
}

/** The result fields that every view of a pause includes. All are null while the pause is pending. */
export interface Response {
  readonly choice: string | null;
  readonly text: string | null;
  readonly at: EpochMs | null;
  readonly decidedBy: DecidedBy | null;
  /** The signed-in user who decided. */
  readonly user: Person | null;
}

export function responseOf(ending: Ending | null): Response {
  switch (ending?.status) {
    case "responded":
      return {
        choice: ending.choice,
        text: ending.text,
        at: ending.at,
        decidedBy: "human",
        user: ending.by ?? null,
      };
    case "timed_out":
      return ending.choice === null
        ? NO_RESPONSE
        : { choice: ending.choice, text: null, at: ending.at, decidedBy: "timeout_default", user: null };
    default:
      return NO_RESPONSE;
  }
}

const NO_RESPONSE: Response = { choice: null, text: null, at: null, decidedBy: null, user: null };

/**
 * Whether an answer equals the one that ended the pause. Sending the same answer again is not an error.
 *
 * @param user the signed-in user who sends it, whose answer is only the same if this user decided; null for the link
 */
export function isSameAnswer(ending: Ending, choice: string, text: string | null, user: Uuid | null = null): boolean {
  if (ending.status !== "responded" || (user !== null && ending.by?.id !== user)) return false;
  return ending.choice === choice && ending.text === text;
}

/** The users who may decide the pause now. Empty: every user of the tenant. */
export function deciders({ signIn, plan, escalatedAt }: Pick<Pause, "signIn" | "plan" | "escalatedAt">) {
  const escalated = escalatedAt === null ? [] : (plan?.escalation?.approvers ?? []);
  return [...(signIn?.approvers ?? []), ...escalated];
}

/** Whether this signed-in user may decide the pause. */
export function mayDecide(pause: Pick<Pause, "signIn" | "plan" | "escalatedAt">, user: Uuid): boolean {
  const people = deciders(pause);
  return people.length === 0 || people.some(({ id }) => id === user);
}

/** The channel of the pause's messages; null: they go to nobody. */
export function channelOf({ recipient, tellsApprovers }: Pick<Pause, "recipient" | "tellsApprovers">): Channel | null {
  return recipient?.channel ?? (tellsApprovers ? "email" : null);
}

/**
 * The page of the console where a signed-in user decides.
 *
 * @param publicUrl without a trailing slash
 */
export function consolePageOf(publicUrl: string, id: Uuid): string {
  return `${publicUrl}/console/pauses/${ID_PREFIX.pause}${id}`;
}

/** A page of a pause with this option marked. The person still has to confirm it there. */
export function withChoice(pageUrl: string, option: string): string {
  return `${pageUrl}?choice=${encodeURIComponent(option.toWellFormed())}`;
}

/** The event that an ending publishes; docs/pauses.md lists the payload's fields. */
export function endingEvent(
  ending: Ending,
  metadata: string | null,
): { readonly type: string; readonly payload: string } {
  const { choice, text, at } = responseOf(ending);
  const shownAt = at === null ? "null" : `"${wholeSeconds(at)}"`;
  const shownText = ending.status === "timed_out" ? "" : `"text":${JSON.stringify(text)},`;
  return {
    type: `pause.${ending.status}`,
    payload: `{"choice":${JSON.stringify(choice)},${shownText}"response_at":${shownAt},"metadata":${metadata ?? "null"}}`,
  };
}

/**
 * The waits between tries to notify a person. The first retries are quick because the person may be waiting for the
 * question. The last ones span a mail server's overnight outage.
 */
const NOTIFICATION_RETRY_SECONDS: readonly number[] = [5, 30, 120, 600, 1800, 3600, 7200, 14_400, 14_400];

/**
 * The wait before the next try to send a notification, spread by up to 10 %; null when there are no more tries.
 *
 * @param attempts tries before the one that just failed
 * @param jitter uniform in [0, 1)
 */
export function notificationWaitMs(attempts: number, jitter: number): number | null {
  const seconds = NOTIFICATION_RETRY_SECONDS[attempts];
  return seconds === undefined ? null : Math.round(seconds * 1000 * (1 + jitter / 10));
}

/** The address as its tenant sees it again. A Slack URL is a credential, so only its host is shown. */
export function maskedAddress({ channel, address }: Recipient): string {
  if (channel !== "slack") return address;
  const [, scheme = "", host = ""] = /^(https?:\/\/)(?:[^/?#]*@)?([^/?#]+)/i.exec(address) ?? [];
  return `${scheme}${host}/…`;
}
