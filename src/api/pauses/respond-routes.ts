/**
 * `/v1/respond/{token}`: the holder of a link answers. The token is the credential. Query parameters are ignored, since
 * services that rewrite links add their own.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { USER_AGENT_CHARS_MAX } from "../../domain/limits.ts";
import type { Ending } from "../../domain/pauses/pause.ts";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, PAUSE_NOT_FOUND, refuse } from "../errors/pauses-errors.ts";
import { invalid } from "../errors/problem.ts";
import { bodyOf } from "../http/body.ts";
import {
  answerOf,
  answerProblem,
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

function readQuestion({ engine: { pauses }, publicUrl }: ApiDeps) {
  return async (request: FastifyRequest<ByToken>, reply: FastifyReply): Promise<object> => {
    const pause = await pauses.open(request.params.token, openedBy(request));
    return pause === null ? refuse(reply, PAUSE_NOT_FOUND) : linkJson(pause, publicUrl());
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

function answerQuestion({ engine: { pauses }, publicUrl }: ApiDeps) {
  return async (request: FastifyRequest<ByToken>, reply: FastifyReply): Promise<object> => {
    const body = checkRespond(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const answer = await pauses.respond(request.params.token, answerOf(body.value));
    switch (answer.kind) {
      case "decided":
        return linkJson(answer.pause, publicUrl());
      case "tooLate":
        return sendTooLate(reply, answer.ending);
      default:
        return refuse(reply, answerProblem(answer));
    }
  };
}

export function sendTooLate(reply: FastifyReply, ending: Ending): FastifyReply {
  const late = tooLateJson(ending);
  return reply.code(late.status_code).send(late);
}
