/** How this surface says what went wrong: `{statusCode, error, message}`. */
import type { FastifyReply } from "fastify";
import Type from "typebox";
import { type DocumentedResponse, documentedErrors, documentedResponse } from "../schema/schemas.ts";
import { type Envelope, type Problem, send } from "./problem.ts";

export const envelope: Envelope = ({ status, code, message }) => ({
  status,
  body: { statusCode: status, error: code, message },
});

export function refuse(reply: FastifyReply, why: Problem): FastifyReply {
  return send(reply, envelope, why);
}

const DashboardError = Type.Object(
  { statusCode: Type.Integer(), error: Type.String(), message: Type.String() },
  { title: "DashboardError" },
);

/** The error answers of a route for its documentation. */
export function errorResponses(...statuses: readonly number[]): Record<number, DocumentedResponse> {
  return documentedErrors(DashboardError, statuses);
}

/** Those of signing in, where nobody is known yet. */
export function loginErrorResponses(...statuses: readonly number[]): Record<number, DocumentedResponse> {
  const { 404: _noTenant, ...others } = documentedErrors(DashboardError, statuses);
  const because = (description: string) => documentedResponse(DashboardError, description);
  return {
    ...others,
    401: because("The e-mail address or the password is wrong."),
    403: because("A browser sent it from another site's page."),
  };
}
