/** Errors of the dashboard surface: `{statusCode, error, message, details?}`. */
import Type from "typebox";
import { DetailsField, type DocumentedResponse, documentedErrors, documentedResponse } from "../schema/schemas.ts";
import { detailsOf, type Envelope, type Refuse, send } from "./problem.ts";

export const envelope: Envelope = (why) => ({
  status: why.status,
  body: { statusCode: why.status, error: why.code, message: why.message, ...detailsOf(why) },
});

export const refuse: Refuse = (reply, why) => send(reply, envelope, why);

const DashboardError = Type.Object(
  { statusCode: Type.Integer(), error: Type.String(), message: Type.String(), ...DetailsField },
  { title: "DashboardError" },
);

/** A route's error responses, for the OpenAPI document. */
export function errorResponses(...statuses: readonly number[]): Record<number, DocumentedResponse> {
  return documentedErrors(DashboardError, statuses);
}

/** The error responses of signing in, which has no caller yet. */
export function signInErrorResponses(...statuses: readonly number[]): Record<number, DocumentedResponse> {
  return openErrorResponses("The email address or the password is wrong.", statuses);
}

/** The error responses of setting a password with a link. */
export function linkErrorResponses(...statuses: readonly number[]): Record<number, DocumentedResponse> {
  return openErrorResponses("The link does not work any more.", statuses);
}

function openErrorResponses(unauthorized: string, statuses: readonly number[]): Record<number, DocumentedResponse> {
  const { 404: _noTenant, ...others } = documentedErrors(DashboardError, statuses);
  const because = (description: string) => documentedResponse(DashboardError, description);
  return {
    ...others,
    401: because(unauthorized),
    403: because("A browser sent the request from a page of another site."),
  };
}
