/** Errors of the endpoints surface: `{error: {code, message, details}}`. */
import { CommonError, type DocumentedResponse, documentedErrors } from "../schema/schemas.ts";
import { commonEnvelope, notFound, type Problem, problem, type Refuse, send } from "./problem.ts";

export const envelope = commonEnvelope;

export const refuse: Refuse = (reply, why) => send(reply, envelope, why);

/** A route's error responses, for the OpenAPI document. */
export function errorResponses(...statuses: readonly number[]): Record<number, DocumentedResponse> {
  return documentedErrors(CommonError, statuses);
}

/** The error responses of a route without authentication. */
export function openErrorResponses(...statuses: readonly number[]): Record<number, DocumentedResponse> {
  const { 404: _noTenant, ...others } = errorResponses(...statuses);
  return others;
}

export const ENDPOINT_NOT_FOUND = notFound("ENDPOINT_NOT_FOUND", "There is no such endpoint.");
export const EVENT_NOT_FOUND = notFound("EVENT_NOT_FOUND", "There is no such event.");
export const DELIVERY_NOT_FOUND = notFound("DELIVERY_NOT_FOUND", "There is no such delivery.");
export const ATTEMPT_NOT_FOUND = notFound("ATTEMPT_NOT_FOUND", "There is no such delivery, or it has no such attempt.");
export const SOURCE_NOT_FOUND = notFound("SOURCE_NOT_FOUND", "There is no such source.");
export const INBOUND_EVENT_NOT_FOUND = notFound("INBOUND_EVENT_NOT_FOUND", "This source has no such inbound event.");
export const JOB_NOT_FOUND = notFound("JOB_NOT_FOUND", "There is no such job.");
export const EXPORT_NOT_FOUND = notFound("EXPORT_NOT_FOUND", "The server knows of no such export.");

/** Of an endpoint that an agent names for its event. */
export const CLOSED_RULE = "must be an endpoint whose filters match the event: an agent sends its events to no others";

export function invalidState(message: string): Problem {
  return problem(409, "INVALID_STATE", message);
}
