/**
 * `/v1/respond/{token}`: the holder of a link answers. The token is the credential. Query parameters are ignored, since
 * services that rewrite links add their own.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { USER_AGENT_CHARS_MAX } from "../../domain/limits.ts";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, PAUSE_NOT_FOUND, refuse } from "../errors/pauses-errors.ts";
import { invalid, problem } from "../errors/problem.ts";
import { bodyOf } from "../http/body.ts";
import {
  answerOf,
  checkRespond,
  LinkResponse,
  linkJson,
  PathToken,
  RespondBody,
  TooLateResponse,
  tooLateJson,
} from "./respond-wire.ts";

const tags = ["Pauses"];
type ByToken = { Params: { token: string } };

export function registerRespondRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.get<ByToken>("/v1/respond/:token", READ, readQuestion(deps));
  app.post<ByToken>("/v1/respond/:token", ANSWER, answerQuestion(deps));
}

const READ = {
  schema: {
    tags,
    operationId: "readQuestion",
    summary: "Read a question through its link",
    description: "Reading decides nothing. The audit log records it.",
    security: [],
    params: PathToken,
    response: { 200: LinkResponse, ...errorResponses(404) },
  },
};

function readQuestion({ engine: { pauses } }: ApiDeps) {
  return async (request: FastifyRequest<ByToken>, reply: FastifyReply): Promise<object> => {
    const pause = await pauses.open(request.params.token, openedBy(request));
    return pause === null ? refuse(reply, PAUSE_NOT_FOUND) : linkJson(pause);
  };
}

/** What the audit log records about the client that opened a link. */
export function openedBy({ method, headers }: Pick<FastifyRequest, "method" | "headers">) {
  return { method, userAgent: headers["user-agent"]?.slice(0, USER_AGENT_CHARS_MAX) ?? null };
}

const ANSWER = {
  schema: {
    tags,
    operationId: "answerQuestion",
    summary: "Answer a question",
    description: "Sending the same answer again is 200 again.",
    security: [],
    params: PathToken,
    body: RespondBody,
    response: { 200: LinkResponse, 409: TooLateResponse, 410: TooLateResponse, ...errorResponses(404, 413, 415) },
  },
};

function answerQuestion({ engine: { pauses } }: ApiDeps) {
  return async (request: FastifyRequest<ByToken>, reply: FastifyReply): Promise<object> => {
    const body = checkRespond(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const answer = await pauses.respond(request.params.token, answerOf(body.value));
    switch (answer.kind) {
      case "decided":
        return linkJson(answer.pause);
      case "tooLate": {
        const late = tooLateJson(answer.ending);
        return reply.code(late.status_code).send(late);
      }
      case "noSuchChoice":
        return refuse(reply, invalidChoice(answer.pause.options));
      case "textNotAllowed":
        return refuse(reply, TEXT_NOT_ALLOWED);
      case "unknown":
        return refuse(reply, PAUSE_NOT_FOUND);
    }
  };
}

const TEXT_NOT_ALLOWED = invalid([{ field: "text", rule: "must be left out: this pause does not allow text" }]);

function invalidChoice(options: readonly string[]) {
  const rule = `must be one of ${options.map((option) => JSON.stringify(option)).join(", ")}`;
  return problem(400, "INVALID_CHOICE", `choice ${rule}`, [{ field: "choice", rule }]);
}
