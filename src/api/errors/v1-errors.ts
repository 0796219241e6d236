/** How this surface says what went wrong: `{error: {code, message, details}}`. */
import type { FastifyReply } from "fastify";
import { CommonError, type DocumentedResponse, documentedErrors } from "../schema/schemas.ts";
import { commonEnvelope, notFound, type Problem, problem, send } from "./problem.ts";

export const envelope = commonEnvelope;

export function refuse(reply: FastifyReply, why: Problem): FastifyReply {
  return send(reply, envelope, why);
}

/** The error answers of a route for its documentation. */
export function errorResponses(...statuses: readonly number[]): Record<number, DocumentedResponse> {
  return documentedErrors(CommonError, statuses);
}

export const ENDPOINT_NOT_FOUND = notFound("ENDPOINT_NOT_FOUND", "There is no such endpoint.");
export const EVENT_NOT_FOUND = notFound("EVENT_NOT_FOUND", "There is no such event.");
export const DELIVERY_NOT_FOUND = notFound("DELIVERY_NOT_FOUND", "There is no such delivery.");
export const SOURCE_NOT_FOUND = notFound("SOURCE_NOT_FOUND", "There is no such source.");
export const INBOUND_EVENT_NOT_FOUND = notFound(
  "INBOUND_EVENT_NOT_FOUND",
  "There is no such inbound event of this source.",
);
export const JOB_NOT_FOUND = notFound("JOB_NOT_FOUND", "There is no such job.");

export function invalidState(message: string): Problem {
  return problem(409, "INVALID_STATE", message);
}
