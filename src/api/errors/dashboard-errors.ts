/** How this surface says what went wrong: `{statusCode, error, message}`. */
import type { FastifyReply } from "fastify";
import Type from "typebox";
import { type DocumentedAnswer, documentedAnswer, errorAnswers } from "../schema/schemas.ts";
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
export function answers(...statuses: readonly number[]): Record<number, DocumentedAnswer> {
  return errorAnswers(DashboardError, statuses);
}

/** Those of signing in, where nobody is known yet. */
export function loginAnswers(...statuses: readonly number[]): Record<number, DocumentedAnswer> {
  const { 404: _noTenant, ...others } = errorAnswers(DashboardError, statuses);
  const because = (description: string) => documentedAnswer(DashboardError, description);
  return {
    ...others,
    401: because("The e-mail address or the password is wrong."),
    403: because("A browser sent it from another site's page."),
  };
}
