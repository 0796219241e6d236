/** The operator's Slack app: who a person is (Slack's Web API), and the replies to clicks (`response_url`). */
import { NOTIFICATION_MS_MAX, SLACK_API_BODY_BYTES_MAX, SLACK_API_MS_MAX } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Sender } from "../ports/sender.ts";
import type { SlackApp, SlackMember } from "../ports/slack.ts";
import { notifiedOf } from "./notified.ts";
import { SLACK } from "./slack.ts";
import { slackReply } from "./slack-replies.ts";

export interface SlackAppOptions {
  readonly signingSecret: string;
  readonly botToken: string;
  /** The operator's choice, without a trailing slash. */
  readonly baseUrl: string;
  /** For replies. Their URLs come with requests, so the address guard applies. */
  readonly sender: Sender;
  readonly userAgent: string;
  readonly clock: Clock;
}

/** The fields that are read of `auth.test` and `users.info`. Nothing guarantees their types. */
interface Own {
  readonly team_id?: unknown;
  readonly enterprise_id?: unknown;
}

interface User {
  readonly team_id?: unknown;
  readonly deleted?: unknown;
  readonly is_bot?: unknown;
  readonly is_stranger?: unknown;
  readonly is_email_confirmed?: unknown;
  readonly enterprise_user?: { readonly enterprise_id?: unknown } | null;
  readonly profile?: { readonly email?: unknown } | null;
}

type Answer = Own & { readonly ok?: unknown; readonly error?: unknown; readonly user?: User | null };

/** The errors of `users.info` that are about the person. All others are about the app. */
const NO_SUCH_USER: readonly unknown[] = ["user_not_found", "user_not_visible"];

export function createSlackApp(options: SlackAppOptions): SlackApp {
  const { signingSecret, sender, userAgent, clock } = options;
  const closing = new AbortController();
  let own: Own | null = null;
  const call = (method: string, form: Record<string, string>) => callSlack(options, closing.signal, method, form);
  return {
    signingSecret,
    async memberOf(person) {
      try {
        own ??= accepted(await call("auth.test", {}));
        const answer = await call("users.info", { user: person });
        if (answer.ok !== true && NO_SUCH_USER.includes(answer.error)) return { kind: "stranger" };
        return memberOf(accepted(answer).user ?? {}, own);
      } catch (error) {
        return { kind: "unavailable", reason: reasonOf(error) };
      }
    },
    async reply(url, reply, replaces) {
      const outcome = await sender.send({
        url,
        headers: ["content-type", "application/json; charset=utf-8", "user-agent", userAgent],
        body: JSON.stringify(slackReply(reply, replaces)),
        timeoutMs: NOTIFICATION_MS_MAX,
      });
      const notified = notifiedOf(outcome, SLACK, clock.now());
      return "reason" in notified ? notified.reason : null;
    },
    async close() {
      closing.abort();
    },
  };
}

/**
 * In a channel that organizations share, another organization chooses the addresses of its people. Only those of the own
 * workspace count, or of the own organization.
 */
function memberOf(user: User, own: Own): SlackMember {
  const isOwn = isSameId(user.team_id, own.team_id) || isSameId(user.enterprise_user?.enterprise_id, own.enterprise_id);
  const isPerson = !user.deleted && !user.is_bot && !user.is_stranger;
  // Slack leaves it out of some responses.
  const isConfirmed = user.is_email_confirmed === undefined || user.is_email_confirmed === true;
  const email = user.profile?.email;
  if (!isOwn || !isPerson || !isConfirmed || typeof email !== "string") return { kind: "stranger" };
  return { kind: "member", email };
}

/** Two ids that are both missing are not the same. */
function isSameId(one: unknown, other: unknown): boolean {
  return typeof one === "string" && one !== "" && one === other;
}

function accepted(answer: Answer): Answer {
  if (answer.ok !== true) throw new SlackFault(`Slack refused to say who a person is: ${codeOf(answer.error)}`);
  return answer;
}

/** Why Slack did not say who a person is, without anything secret. */
class SlackFault extends Error {}

const ERROR_CODE = /^[a-z][a-z_]{2,50}$/;

function codeOf(error: unknown): string {
  return typeof error === "string" && ERROR_CODE.test(error) ? error : "it gave no reason";
}

function reasonOf(error: unknown): string {
  if (error instanceof SlackFault) return error.message;
  return "Slack cannot be reached, or did not respond in time";
}

async function callSlack(
  { baseUrl, botToken, userAgent, clock }: SlackAppOptions,
  closing: AbortSignal,
  method: string,
  form: Record<string, string>,
): Promise<Answer> {
  const late = new AbortController();
  const timer = clock.after(SLACK_API_MS_MAX, () => late.abort());
  try {
    const response = await fetch(`${baseUrl}/api/${method}`, {
      method: "POST",
      headers: { authorization: `Bearer ${botToken}`, "user-agent": userAgent },
      body: new URLSearchParams(form),
      redirect: "error",
      signal: AbortSignal.any([late.signal, closing]),
    });
    const text = await readBounded(response);
    if (!response.ok) throw new SlackFault(`Slack responded to ${method} with HTTP ${response.status}`);
    return parse(text, method);
  } finally {
    timer.cancel();
  }
}

async function readBounded({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > SLACK_API_BODY_BYTES_MAX) throw new SlackFault("Slack's response is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string, method: string): Answer {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === "object" && answer !== null) return answer;
  } catch {
    // Not from Slack's API, such as the page of a proxy.
  }
  throw new SlackFault(`the response to ${method} is not Slack's`);
}
