/**
 * `/v1/respond/{token}`: whoever has the link decides. The token is the credential. Query parameters are passed over,
 * since what rewrites links adds its own.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
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

export function registerRespondRoutes(app: FastifyInstance, { engine }: ApiDeps): void {
  app.get<ByToken>(
    "/v1/respond/:token",
    {
      schema: {
        tags,
        operationId: "readQuestion",
        summary: "Read a question through its link",
        description: "Decides nothing, and is written down in the audit.",
        security: [],
        params: PathToken,
        response: { 200: LinkResponse, ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const pause = await engine.pauses.open(request.params.token, openedBy(request));
      return pause === null ? refuse(reply, PAUSE_NOT_FOUND) : linkJson(pause);
    },
  );

  app.post<ByToken>(
    "/v1/respond/:token",
    {
      schema: {
        tags,
        operationId: "answerQuestion",
        summary: "Decide",
        description: "The same answer again is 200 again.",
        security: [],
        params: PathToken,
        body: RespondBody,
        response: { 200: LinkResponse, 409: TooLateResponse, 410: TooLateResponse, ...errorResponses(404, 413, 415) },
      },
    },
    async (request, reply) => {
      const body = checkRespond(bodyOf(request).value);
      if (body.kind === "faults") return refuse(reply, invalid(body.faults));
      const answer = await engine.pauses.respond(request.params.token, answerOf(body.value));
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
          return refuse(reply, invalid([TEXT_NOT_ALLOWED]));
        case "unknown":
          return refuse(reply, PAUSE_NOT_FOUND);
      }
    },
  );
}

const TEXT_NOT_ALLOWED = { field: "text", rule: "must be left out: this pause allows no text" };

function invalidChoice(options: readonly string[]) {
  const rule = `must be one of ${options.map((option) => JSON.stringify(option)).join(", ")}`;
  return problem(400, "INVALID_CHOICE", `choice ${rule}`, [{ field: "choice", rule }]);
}

export function openedBy(request: FastifyRequest) {
  const userAgent = request.headers["user-agent"]?.slice(0, USER_AGENT_CHARS_MAX) ?? null;
  return { method: request.method, userAgent };
}
