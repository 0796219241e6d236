/** The SMS channel: Twilio's REST API, or a server that is compatible with it. */

import {
  NOTIFICATION_MS_MAX,
  NOTIFICATIONS_COUNT_MAX,
  SMS_CHARS_MAX,
  SMS_QUESTION_CHARS_MAX,
  SMS_REQUESTER_CHARS_MAX,
} from "../domain/limits.ts";
import { humanTime } from "../domain/pauses/human-time.ts";
import { recipientFault } from "../domain/pauses/recipient.ts";
import { oneLine } from "../domain/text/readable.ts";
import type { Clock } from "../ports/clock.ts";
import type { Notification, Notifier } from "../ports/notifier.ts";
import type { Sender } from "../ports/sender.ts";
import { failed, notifiedOf, type Service, withoutLinks } from "./notified.ts";
import { cut, opening } from "./text.ts";
import { Tries } from "./tries.ts";

export interface SmsOptions {
  readonly accountSid: string;
  readonly authToken: string;
  /** A number, a sender name, or the id of a messaging service (`MG…`). */
  readonly from: string;
  /** The operator's choice, without a trailing slash. */
  readonly baseUrl: string;
  /** Can reach any address, because the operator chose the base URL. */
  readonly sender: Sender;
  readonly userAgent: string;
  readonly clock: Clock;
}

const MESSAGING_SERVICE = /^MG[0-9a-f]{32}$/i;
/** Three dots instead of "…". A single character outside GSM 03.38 halves the capacity of each billed part. */
const MARK = "...";
const TOO_LONG = failed("the link to the page does not fit into a text message; see SIGNALBOX_PUBLIC_URL");

export function createSms({ accountSid, authToken, from, baseUrl, sender, userAgent, clock }: SmsOptions): Notifier {
  const tries = new Tries(clock);
  const url = `${baseUrl}/2010-04-01/Accounts/${accountSid}/Messages.json`;
  const credentials = Buffer.from(`${accountSid}:${authToken}`).toString("base64");
  const origin = MESSAGING_SERVICE.test(from) ? { MessagingServiceSid: from } : { From: from };
  const service: Service = {
    name: "Twilio",
    refusal: (httpStatus, snippet) => refusal(httpStatus, snippet, [authToken, accountSid]),
  };
  return {
    channel: "sms",
    atOnceMax: NOTIFICATIONS_COUNT_MAX,
    addressFault: async (address) => recipientFault("sms", address),
    notify: (notification) =>
      tries.run(async (running) => {
        const text = smsText(notification);
        if (text === null) return TOO_LONG;
        running.handedOver();
        const outcome = await sender.send({
          url,
          headers: [
            "content-type",
            "application/x-www-form-urlencoded",
            "authorization",
            `Basic ${credentials}`,
            "user-agent",
            userAgent,
          ],
          body: new URLSearchParams({ To: notification.address, ...origin, Body: text }).toString(),
          timeoutMs: NOTIFICATION_MS_MAX,
        });
        return notifiedOf(outcome, service, clock.now());
      }),
    close: () => tries.close(),
  };
}

/**
 * The requester, as much of the question as fits, the link and the deadline. Null when the link and the deadline do not
 * fit.
 */
export function smsText({ requester, reminder, message, respondUrl, expiresAt }: Notification): string | null {
  const end = `\nAnswer: ${respondUrl}\nby ${humanTime(expiresAt)}`;
  const charsLeft = SMS_CHARS_MAX - end.length;
  if (charsLeft < 0) return null;
  const name = requester === null ? null : cut(oneLine(requester), SMS_REQUESTER_CHARS_MAX, MARK);
  const who = `${opening({ requester: name, reminder })}: `;
  const question = cut(oneLine(message), SMS_QUESTION_CHARS_MAX, MARK);
  return cut(`${who}${question}`, charsLeft, charsLeft < MARK.length ? "" : MARK) + end;
}

/** Twilio's error message without the account, its token, phone numbers and links. */
function refusal(httpStatus: number, snippet: string, secrets: readonly string[]): string {
  if (httpStatus === 401) {
    return "Twilio rejected this server's credentials (HTTP 401): TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN is wrong";
  }
  const { code, message } = readError(snippet);
  const shown = secrets
    .reduce((text, secret) => text.replaceAll(secret, "…"), withoutLinks(oneLine(message)))
    .replace(/\+?\d(?:[\s().-]{0,2}\d){5,}/g, "…");
  const number = code === null ? `HTTP ${httpStatus}` : `HTTP ${httpStatus}, code ${code}`;
  return shown === "" ? `Twilio refused the message (${number})` : `Twilio refused the message (${number}): ${shown}`;
}

function readError(snippet: string): { readonly code: number | null; readonly message: string } {
  let error: unknown = null;
  try {
    error = JSON.parse(snippet);
  } catch {
    // Not in Twilio's format, or truncated. The status is used instead.
  }
  const { code, message } = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  return {
    code: Number.isSafeInteger(code) ? Number(code) : null,
    message: typeof message === "string" ? message : "",
  };
}
