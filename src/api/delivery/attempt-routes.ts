/** `GET /v1/deliveries/{id}/attempts/{number}`: what one attempt sent and got. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import { requireRole } from "../access/auth.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid } from "../errors/problem.ts";
import { ATTEMPT_NOT_FOUND, errorResponses, refuse } from "../errors/v1-errors.ts";
import {
  AttemptDetailsResponse,
  AttemptQuery,
  attemptDetailsJson,
  checkAttemptQuery,
  PathAttempt,
} from "./attempt-wire.ts";

type ByAttempt = { Params: { id: string; number: string } };

export function registerAttemptRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.get<ByAttempt>("/v1/deliveries/:id/attempts/:number", READ, readAttempt(deps));
}

const READ = {
  schema: {
    tags: ["Deliveries"],
    operationId: "getAttempt",
    summary: "Read what an attempt sent and got",
    description:
      "The server renders the request again: the body is exact, and the headers are signed with the endpoint's present " +
      "secrets. `differs` says why they may differ from those that were sent. With `signed=now`, it needs the role developer.",
    params: PathAttempt,
    querystring: AttemptQuery,
    response: { 200: AttemptDetailsResponse, ...errorResponses(404) },
  },
};

/** Attempts count from 1. */
const NUMBER = /^[1-9]\d{0,8}$/;

function readAttempt({ engine: { attempts } }: ApiDeps) {
  return async (request: FastifyRequest<ByAttempt>, reply: FastifyReply): Promise<object> => {
    const query = checkAttemptQuery(request.query);
    if (query.kind === "faults") return refuse(reply, invalid(query.faults));
    const signed = query.value.signed ?? "then";
    // A receiver accepts such a request, so whoever has it can act.
    if (signed === "now") requireRole(request.caller, "developer");
    const id = parseId(ID_PREFIX.delivery, request.params.id);
    const number = NUMBER.test(request.params.number) ? Number(request.params.number) : null;
    const details = id === null || number === null ? null : await attempts.read(request.caller, id, number, signed);
    return details === null ? refuse(reply, ATTEMPT_NOT_FOUND) : attemptDetailsJson(details);
  };
}
