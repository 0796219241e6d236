/** Errors of the pause-status surface and of the public inbound routes: `{error: {code, message, details}}`. */
import type { Fault } from "../../domain/errors.ts";
import { INBOUND_RETRY_AFTER_SECONDS } from "../http/limits.ts";
import { CommonError, type DocumentedResponse, documentedErrors, documentedResponse } from "../schema/schemas.ts";
import { commonEnvelope, invalid, notFound, type Problem, problem, type Refuse, send, temporary } from "./problem.ts";

export const envelope = commonEnvelope;

export const refuse: Refuse = (reply, why) => send(reply, envelope, why);

/** A route's error responses, for the OpenAPI document. */
export function errorResponses(...statuses: readonly number[]): Record<number, DocumentedResponse> {
  return documentedErrors(CommonError, statuses);
}

/**
 * The error responses of a public route, which authenticates senders by their signatures only.
 *
 * @param malformed what a 400 means
 */
export function publicErrorResponses(
  malformed: string,
  ...statuses: readonly number[]
): Record<number, DocumentedResponse> {
  const all = documentedErrors(CommonError, [401, 413, 415, 429, 508, ...statuses]);
  const { 403: _noRole, 404: _noTenant, ...others } = all;
  const because = (description: string) => documentedResponse(CommonError, description);
  return {
    ...others,
    400: because(malformed),
    401: because(
      "The server could not verify that a known source sent the request. The response is the same for every reason.",
    ),
    413: because("The body is too large."),
    415: because("The body has a Content-Encoding."),
    429: because("Too many requests from your address, or from all addresses, failed. See Retry-After."),
    508: because(
      "The webhook is genuine, but it has passed through too many Signalbox servers: an endpoint sends it in a loop.",
    ),
  };
}

/**
 * The same message whether the source, the signature or the timestamp is wrong, so that a sender without the secret
 * learns nothing. The operator finds the reason in the list of rejected requests.
 */
const NOT_VERIFIED = problem(
  401,
  "UNAUTHORIZED",
  "The server could not verify that a known source sent this request. The operator of this server can find the reason in the list of rejected requests.",
);
export const PAUSE_STATUS_UNAUTHORIZED: Problem = {
  ...NOT_VERIFIED,
  headers: { "www-authenticate": 'Signature realm="signalbox"' },
};
/**
 * The challenge is the same for every scheme, so that it does not reveal the source's scheme. Some senders wait for it
 * before they send a password.
 */
export const INBOUND_UNAUTHORIZED: Problem = {
  ...NOT_VERIFIED,
  headers: { "www-authenticate": 'Basic realm="signalbox"' },
};

export const TOO_MANY_FAILED = temporary(
  problem(
    429,
    "RATE_LIMITED",
    "Too many requests from your address, or from all addresses, failed. Wait for the time in Retry-After.",
  ),
  INBOUND_RETRY_AFTER_SECONDS,
);

/** A genuine webhook for which there is no space. The sender does not learn the receiver's quota. */
export const INBOUND_FULL = problem(
  507,
  "QUOTA_EXCEEDED",
  "The owner of this source cannot store more at the moment. The server did not process this request. Send it again later.",
);

/** @param message the engine's description of why the body cannot be read */
export function unreadableBody(message: string): Problem {
  return problem(400, "VALIDATION_ERROR", message, [{ field: "body", rule: message }]);
}

/** A genuine webhook with missing or malformed fields. */
export function invalidFields(faults: readonly Fault[]): Problem {
  return { ...invalid(faults), status: 422 };
}

/**
 * A genuine webhook that would circulate indefinitely (RFC 5842 §7.2).
 *
 * @param message the engine's description of the loop
 */
export function loopDetected(message: string): Problem {
  return problem(508, "LOOP_DETECTED", message);
}

export const RECORD_NOT_FOUND = notFound("WEBHOOK_EVENT_NOT_FOUND", "There is no such webhook event.");
