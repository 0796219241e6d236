/** How this surface says what went wrong: `{error: {code, message, details}}`. */
import type { FastifyReply } from "fastify";
import type { Fault } from "../../domain/errors.ts";
import { INBOUND_RETRY_AFTER_SECONDS } from "../http/limits.ts";
import { CommonError, type DocumentedResponse, documentedErrors, documentedResponse } from "../schema/schemas.ts";
import { commonEnvelope, invalid, notFound, type Problem, problem, send } from "./problem.ts";

export const envelope = commonEnvelope;

export function refuse(reply: FastifyReply, why: Problem): FastifyReply {
  return send(reply, envelope, why);
}

/** The error answers of a route for its documentation. */
export function errorResponses(...statuses: readonly number[]): Record<number, DocumentedResponse> {
  return documentedErrors(CommonError, statuses);
}

/**
 * Those of the public routes, where a signature is all that counts.
 *
 * @param malformed what a 400 means
 */
export function publicErrorResponses(
  malformed: string,
  ...statuses: readonly number[]
): Record<number, DocumentedResponse> {
  const {
    403: _noRole,
    404: _noTenant,
    ...others
  } = documentedErrors(CommonError, [401, 413, 415, 429, 508, ...statuses]);
  const because = (description: string) => documentedResponse(CommonError, description);
  return {
    ...others,
    400: because(malformed),
    401: because("Not known to come from a known source; always the same, whatever is wrong."),
    413: because("The body is too large."),
    415: because("The body has a Content-Encoding."),
    429: because("Too much failed that came from your address, or from all; see Retry-After."),
    508: because(
      "The webhook is verified, and came through too many Signalbox servers: an endpoint sends it in a loop.",
    ),
  };
}

/** The same whether the source, the signature or its time is wrong: who has to mend it finds the reason in the list. */
const NOT_VERIFIED = problem(
  401,
  "UNAUTHORIZED",
  "This request is not known to come from a known source. Whoever runs this server finds the reason in the list of what was refused.",
);
export const PAUSE_STATUS_UNAUTHORIZED: Problem = {
  ...NOT_VERIFIED,
  headers: { "www-authenticate": 'Signature realm="signalbox"' },
};
/** Of every scheme, lest it tells which one: some senders wait for this challenge before they send a password. */
export const INBOUND_UNAUTHORIZED: Problem = {
  ...NOT_VERIFIED,
  headers: { "www-authenticate": 'Basic realm="signalbox"' },
};

export const TOO_MANY_FAILED: Problem = {
  ...problem(
    429,
    "RATE_LIMITED",
    "Too much failed that came from your address, or from all; wait as long as Retry-After says.",
  ),
  headers: { "retry-after": String(INBOUND_RETRY_AFTER_SECONDS) },
};

/** Genuine, and yet not taken. The sender need not learn how much its receiver may store. */
export const INBOUND_FULL = problem(
  507,
  "QUOTA_EXCEEDED",
  "Nothing more can be stored for the owner of this source at present. Nothing of this request happened; send it again later.",
);

/** The body cannot be read: the message is the engine's. */
export function unreadableBody(message: string): Problem {
  return problem(400, "VALIDATION_ERROR", message, [{ field: "body", rule: message }]);
}

/** It is genuine, and yet does not say what it has to. */
export function invalidFields(faults: readonly Fault[]): Problem {
  return { ...invalid(faults), status: 422 };
}

/** RFC 5842 §7.2. It is genuine, and would go round for ever: the message is the engine's. */
export function loopDetected(message: string): Problem {
  return problem(508, "LOOP_DETECTED", message);
}

export const RECORD_NOT_FOUND = notFound("WEBHOOK_EVENT_NOT_FOUND", "There is no such webhook event.");
