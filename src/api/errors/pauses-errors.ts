/** Errors of the pauses surface: `{error, message, status_code, details?}`. Invalid input is 422. */
import Type from "typebox";
import { DetailsField, type DocumentedResponse, documentedErrors } from "../schema/schemas.ts";
import { detailsOf, type Envelope, notFound, type Problem, type Refuse, send } from "./problem.ts";

export const envelope: Envelope = (why) => {
  const status = statusOf(why);
  return { status, body: { error: codeOf(why), message: why.message, status_code: status, ...detailsOf(why) } };
};

function statusOf({ status, code, unreadable }: Problem): number {
  return code === "VALIDATION_ERROR" && !unreadable ? 422 : status;
}

function codeOf({ code }: Problem): string {
  return code === "UNAUTHORIZED" ? "INVALID_API_KEY" : code;
}

export const refuse: Refuse = (reply, why) => send(reply, envelope, why);

const PausesError = Type.Object(
  { error: Type.String(), message: Type.String(), status_code: Type.Integer(), ...DetailsField },
  { title: "PausesError" },
);

/** A route's error responses, for the OpenAPI document. */
export function errorResponses(...statuses: readonly number[]): Record<number, DocumentedResponse> {
  return documentedErrors(PausesError, [422, ...statuses]);
}

export const PAUSE_NOT_FOUND = notFound("PAUSE_NOT_FOUND", "There is no such pause.");
export const WEBHOOK_NOT_FOUND = notFound("WEBHOOK_NOT_FOUND", "There is no such webhook.");
export const KEY_NOT_FOUND = notFound("KEY_NOT_FOUND", "There is no such key.");
