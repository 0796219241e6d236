/** `/v1/pause`: a question to a person, as whoever asks it sees it. */
import type { FastifyInstance, FastifyReply } from "fastify";
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import type { Channel, Pause } from "../../domain/pauses/pause.ts";
import type { CreatePauseAnswer, Patience, PauseView } from "../../engine/pauses/pause-service.ts";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, PAUSE_NOT_FOUND, refuse } from "../errors/pauses-errors.ts";
import { invalid, type Problem, problem } from "../errors/problem.ts";
import { quotaProblem } from "../errors/quota-problem.ts";
import { bodyOf } from "../http/body.ts";
import { WAITS_RETRY_AFTER_SECONDS } from "../http/limits.ts";
import { checkNoBody } from "../http/no-body.ts";
import { sealCursor } from "../lists/cursor.ts";
import { PathId } from "../schema/schemas.ts";
import {
  CreatedPauseResponse,
  CreatePauseBody,
  checkPauseQuery,
  checkPausesQuery,
  createdPauseJson,
  listInput,
  PauseHeaders,
  PauseQuery,
  PauseResponse,
  PausesQuery,
  PausesResponse,
  parsePause,
  pauseText,
} from "./pause-wire.ts";

const tags = ["Pauses"];
const JSON_TYPE = "application/json; charset=utf-8";
type ById = { Params: { id: string } };

export function registerPauseRoutes(app: FastifyInstance, { engine }: ApiDeps): void {
  app.post(
    "/v1/pause",
    {
      schema: {
        tags,
        operationId: "createPause",
        summary: "Ask a person",
        description: "With a recipient and a channel the person is told; without, pass `respond_url` on yourself.",
        headers: PauseHeaders,
        body: CreatePauseBody,
        response: { 201: CreatedPauseResponse, ...errorResponses(409, 413, 415, 507) },
      },
    },
    async (request, reply) => {
      const parsed = parsePause(bodyOf(request), headerKey(request.headers["idempotency-key"]));
      if (parsed.kind === "refused") return refuse(reply, parsed.problem);
      const answer = await engine.pauses.create(request.caller, parsed.input);
      if (answer.kind !== "created") return refuse(reply, createProblem(answer));
      return reply.code(201).send(createdPauseJson(answer.view));
    },
  );

  app.get(
    "/v1/pause",
    {
      schema: {
        tags,
        operationId: "listPauses",
        summary: "List pauses, newest first",
        querystring: PausesQuery,
        response: { 200: PausesResponse, ...errorResponses() },
      },
    },
    async (request, reply) => {
      const query = checkPausesQuery(request.query);
      if (query.kind === "faults") return refuse(reply, invalid(query.faults));
      const { views, next } = await engine.pauses.list(request.caller, listInput(query.value));
      const end = JSON.stringify({ has_more: next !== null, next_cursor: next && sealCursor(engine, "pauses", next) });
      return reply.type(JSON_TYPE).send(`{"pauses":[${views.map(pauseText).join(",")}],${end.slice(1)}`);
    },
  );

  app.get<ById>(
    "/v1/pause/:id",
    {
      // A HEAD would wait as well, and tell nothing.
      exposeHeadRoute: false,
      schema: {
        tags,
        operationId: "getPause",
        summary: "Read a pause, or wait for its ending",
        params: PathId,
        querystring: PauseQuery,
        response: { 200: PauseResponse, ...errorResponses(404, 429) },
      },
    },
    async (request, reply) => {
      const query = checkPauseQuery(request.query);
      if (query.kind === "faults") return refuse(reply, invalid(query.faults));
      const id = parseId(ID_PREFIX.pause, request.params.id);
      if (id === null) return refuse(reply, PAUSE_NOT_FOUND);
      const view = await engine.pauses.get(request.caller, id, patience(reply, query.value.wait ?? 0));
      if (view === "tooMany") return refuse(reply, TOO_MANY_WAITS);
      return view === null ? refuse(reply, PAUSE_NOT_FOUND) : sendPause(reply, view);
    },
  );

  app.delete<ById>(
    "/v1/pause/:id",
    {
      schema: {
        tags,
        operationId: "cancelPause",
        summary: "Cancel a pause",
        params: PathId,
        response: { 200: PauseResponse, ...errorResponses(404, 409) },
      },
    },
    async (request, reply) => {
      const faults = checkNoBody(request);
      if (faults !== null) return refuse(reply, invalid(faults));
      const id = parseId(ID_PREFIX.pause, request.params.id);
      const answer = id === null ? UNKNOWN : await engine.pauses.cancel(request.caller, id);
      switch (answer.kind) {
        case "unknown":
          return refuse(reply, PAUSE_NOT_FOUND);
        case "cancelled":
          return sendPause(reply, answer.view);
        case "before":
          return refuse(reply, alreadyEnded(answer.view.pause));
      }
    },
  );
}

const UNKNOWN = { kind: "unknown" } as const;

/** Node joins a repeated header with a comma and a space, which no key may have. */
function headerKey(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}

function patience(reply: FastifyReply, seconds: number): Patience | null {
  if (seconds === 0) return null;
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return { waitMs: seconds * 1000, signal: gone.signal };
}

function sendPause(reply: FastifyReply, view: PauseView): FastifyReply {
  return reply.type(JSON_TYPE).send(pauseText(view));
}

const TOO_MANY_WAITS: Problem = {
  ...problem(429, "RATE_LIMITED", "This tenant has as many requests waiting for a pause as it may; wait with fewer."),
  headers: { "retry-after": String(WAITS_RETRY_AFTER_SECONDS) },
};

const CONFLICT = problem(
  409,
  "IDEMPOTENCY_KEY_CONFLICT",
  "This idempotency key was used with another question; use a fresh one.",
);

function createProblem(answer: Exclude<CreatePauseAnswer, { kind: "created" }>): Problem {
  switch (answer.kind) {
    case "conflict":
      return CONFLICT;
    case "quotaExceeded":
      return quotaProblem(answer);
    case "recipientRefused":
      return invalid([{ field: "recipient", rule: answer.reason }]);
    case "channelNotConfigured": {
      const message = `The channel ${answer.channel} is not configured on this server: ${SETTINGS[answer.channel]}.`;
      return problem(400, "CHANNEL_NOT_CONFIGURED", message);
    }
  }
}

const SETTINGS: Readonly<Record<Channel, string>> = {
  slack: "it needs no setting",
  email: "it needs SMTP_URL and SIGNALBOX_MAIL_FROM",
  sms: "it needs TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM",
};

function alreadyEnded({ ending }: Pause): Problem {
  switch (ending?.status) {
    case "responded":
      return problem(409, "ALREADY_RESPONDED", "The pause was answered before; it cannot be cancelled.");
    case "timed_out":
      return problem(409, "ALREADY_TIMED_OUT", "The pause timed out before; it cannot be cancelled.");
    default:
      return problem(409, "ALREADY_CANCELLED", "The pause was cancelled before.");
  }
}
