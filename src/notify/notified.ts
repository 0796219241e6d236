/** The result of one try, with a reason that callers see: bounded and on one line. */

import type { Outcome } from "../domain/delivery/delivery.ts";
import { parseRetryAfterMs } from "../domain/delivery/retry.ts";
import type { EpochMs } from "../domain/ids.ts";
import { NOTIFICATION_REASON_CHARS_MAX } from "../domain/limits.ts";
import { oneLine } from "../domain/text/readable.ts";
import type { Notified } from "../ports/notifier.ts";
import { cut } from "./text.ts";

export const SENT: Notified = { kind: "sent" };
export const ABORTED: Notified = { kind: "aborted" };

export function failed(reason: string): Notified {
  return { kind: "failed", reason: bounded(reason) };
}

export function again(reason: string, retryAfterMs: number | null = null): Notified {
  return { kind: "again", reason: bounded(reason), retryAfterMs };
}

const bounded = (reason: string): string => cut(oneLine(reason), NOTIFICATION_REASON_CHARS_MAX);

/** Text from another server without its links, whose paths may be secret. */
export const withoutLinks = (text: string): string => text.replace(/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, "…");

/** A service that receives messages over HTTP. */
export interface Service {
  readonly name: string;
  /** The reason for a 4xx response, as far as its body states one. */
  refusal(httpStatus: number, snippet: string): string;
}

/** The result of a try from the response of an HTTP service, or from the lack of one. */
export function notifiedOf(outcome: Outcome, { name, refusal }: Service, now: EpochMs): Notified {
  switch (outcome.kind) {
    case "answered":
      return fromResponse(outcome, { name, refusal }, now);
    case "unreachable":
      // A refused address stays refused. Every other error may be gone in a minute.
      return outcome.reason === "url_refused" || outcome.reason === "address_refused"
        ? failed(outcome.detail)
        : again(`${name} cannot be reached: ${outcome.detail}`);
    case "internal_error":
    case "out_of_resources":
      return again(`${name} cannot be reached from this server at the moment`);
    case "aborted":
      return ABORTED;
  }
}

function fromResponse(
  { httpStatus, retryAfter, snippet }: Extract<Outcome, { kind: "answered" }>,
  { name, refusal }: Service,
  now: EpochMs,
): Notified {
  if (httpStatus < 300) return SENT;
  if (httpStatus < 400) return failed(`${name} responded with a redirect (HTTP ${httpStatus}), which is not followed`);
  const retryAfterMs = retryAfter === null ? null : parseRetryAfterMs(retryAfter, now);
  if (httpStatus === 429) return again(`${name} limits the rate of messages (HTTP 429)`, retryAfterMs);
  if (httpStatus >= 500 || httpStatus === 408) {
    return again(`${name} cannot accept the message at the moment (HTTP ${httpStatus})`, retryAfterMs);
  }
  return failed(refusal(httpStatus, snippet));
}
