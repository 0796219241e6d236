/** `/v1/pause`: pauses, for the program that asks. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { includesRole } from "../../domain/access/access.ts";
import { traceContextIn } from "../../domain/delivery/trace-context.ts";
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import { AGENT_OPEN_PAUSES_COUNT_MAX, AGENT_PAUSES_PER_MINUTE_COUNT_MAX } from "../../domain/limits.ts";
import type { Channel, Pause } from "../../domain/pauses/pause.ts";
import type { CreatePauseOutput, LongPoll, PauseView } from "../../engine/pauses/pause-types.ts";
import type { AgentLimit } from "../../ports/store.ts";
import { isAuthorized } from "../access/auth.ts";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, PAUSE_NOT_FOUND, refuse } from "../errors/pauses-errors.ts";
import { invalid, type Problem, problem, Refusal, SIGN_IN, temporary } from "../errors/problem.ts";
import { quotaProblem } from "../errors/quota-problem.ts";
import { bodyOf } from "../http/body.ts";
import type { ById } from "../http/by-id.ts";
import { JSON_TYPE } from "../http/content-type.ts";
import { IdempotencyHeaders, idempotencyKeyOf } from "../http/idempotency-key.ts";
import { WAITS_RETRY_AFTER_SECONDS } from "../http/limits.ts";
import { sendPages } from "../lists/pages.ts";
import { PathId } from "../schema/schemas.ts";
import { CreatePauseBody, parsePause, RECIPIENT_NOT_USER, tooFewApprovers, unknownApprovers } from "./pause-input.ts";
import {
  CreatedPauseResponse,
  checkPauseQuery,
  createdPauseJson,
  PAUSE_LIST,
  PAUSES_BY_DEADLINE,
  PauseCountsResponse,
  PauseQuery,
  PauseResponse,
  PausesResponse,
  pauseCountsJson,
  pauseFilter,
  pauseText,
} from "./pause-wire.ts";

const tags = ["Pauses"];
const config = { agent: "ask" } as const;

export function registerPauseRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.post("/v1/pause", CREATE, createPause(deps));
  app.get("/v1/pause", LIST, listPauses(deps));
  app.get("/v1/pause/counts", COUNTS, countPauses(deps));
  app.get<ById>("/v1/pause/:id", READ, readPause(deps));
  app.delete<ById>("/v1/pause/:id", CANCEL, cancelPause(deps));
}

const CREATE = {
  config,
  schema: {
    tags,
    operationId: "createPause",
    summary: "Ask a person",
    description:
      "With a recipient and a channel, the server notifies the person. Without them, pass `respond_url` on yourself.",
    headers: IdempotencyHeaders,
    body: CreatePauseBody,
    response: { 201: CreatedPauseResponse, ...errorResponses(409, 413, 415, 429, 507) },
  },
};

function createPause({ engine: { pauses } }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const parsed = parsePause(bodyOf(request), {
      key: idempotencyKeyOf(request),
      trace: traceContextIn(request.headers),
      byAgent: request.caller.actor.agent !== undefined,
    });
    if (parsed.kind === "refused") return refuse(reply, parsed.problem);
    const output = await pauses.create(request.caller, parsed.input);
    if (output.kind === "unknownApprovers") return refuse(reply, unknownApprovers(parsed.input, output.ids));
    if (output.kind !== "created") return refuse(reply, createProblem(output));
    return reply.code(201).send(createdPauseJson(shownTo(request, output.view)));
  };
}

/** Why no pause was created. */
export function createProblem(output: Exclude<CreatePauseOutput, { kind: "created" | "unknownApprovers" }>): Problem {
  switch (output.kind) {
    case "conflict":
      return CONFLICT;
    case "quotaExceeded":
      return quotaProblem(output);
    case "agentLimit":
      return tooManyQuestions(output);
    case "tooFewApprovers":
      return tooFewApprovers(output.count);
    case "recipientNotUser":
      return RECIPIENT_NOT_USER;
    case "recipientRefused":
      return invalid([{ field: "recipient", rule: output.reason }]);
    case "channelNotConfigured":
      return channelNotConfigured(output.channel);
  }
}

function tooManyQuestions({ limit, retryAfterSeconds }: AgentLimit): Problem {
  const message =
    limit === "open"
      ? `This agent has ${AGENT_OPEN_PAUSES_COUNT_MAX} open questions, the most at a time. Wait for answers, or cancel some.`
      : `This agent asked ${AGENT_PAUSES_PER_MINUTE_COUNT_MAX} questions within a minute, which is the limit. Ask again later.`;
  return temporary(problem(429, "RATE_LIMITED", message), retryAfterSeconds);
}

export function channelNotConfigured(channel: Channel): Problem {
  const message = `The channel ${channel} is not configured on this server: ${SETTINGS[channel]}.`;
  return problem(400, "CHANNEL_NOT_CONFIGURED", message);
}

const CONFLICT = problem(
  409,
  "IDEMPOTENCY_KEY_CONFLICT",
  "This idempotency key was used with another request. Use a new key.",
);

const SETTINGS: Readonly<Record<Channel, string>> = {
  slack: "it needs no setting",
  email: "it needs SMTP_URL and SIGNALBOX_MAIL_FROM",
  sms: "it needs TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM",
};

const LIST = {
  config,
  schema: {
    tags,
    operationId: "listPauses",
    summary: "List pauses, newest first or by deadline",
    querystring: PAUSE_LIST.Query,
    response: { 200: PausesResponse, ...errorResponses() },
  },
};

function listPauses({ engine }: ApiDeps) {
  const sendOf = (list: typeof PAUSE_LIST) =>
    sendPages(engine, refuse, list, {
      field: "pauses",
      read: async (caller, { cursor, limit, filters }) => {
        const filter = pauseFilter(filters);
        if ("length" in filter) throw new Refusal(invalid(filter));
        const { views, next } = await engine.pauses.list(caller, { ...filter, cursor, limit });
        return { rows: views, next };
      },
      text: (view, request) => pauseText(shownTo(request, view)),
    });
  const sendNewest = sendOf(PAUSE_LIST);
  const sendByDeadline = sendOf(PAUSES_BY_DEADLINE);
  return (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { order } = request.query as { order?: unknown };
    return order === "deadline" ? sendByDeadline(request, reply) : sendNewest(request, reply);
  };
}

const COUNTS = {
  schema: {
    tags,
    operationId: "countPauses",
    summary: "Count the pauses of each status",
    response: { 200: PauseCountsResponse, ...errorResponses() },
  },
};

function countPauses({ engine: { pauses } }: ApiDeps) {
  return async (request: FastifyRequest): Promise<object> => pauseCountsJson(await pauses.counts(request.caller));
}

const READ = {
  config,
  // A HEAD request would wait too, for nothing.
  exposeHeadRoute: false,
  schema: {
    tags,
    operationId: "getPause",
    summary: "Read a pause, or wait until it ends",
    params: PathId,
    querystring: PauseQuery,
    response: { 200: PauseResponse, ...errorResponses(404, 429) },
  },
};

function readPause(deps: ApiDeps) {
  const { pauses } = deps.engine;
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<FastifyReply> => {
    const query = checkPauseQuery(request.query);
    if (query.kind === "faults") return refuse(reply, invalid(query.faults));
    const id = parseId(ID_PREFIX.pause, request.params.id);
    if (id === null) return refuse(reply, PAUSE_NOT_FOUND);
    const view = await pauses.get(request.caller, id, waitFor(deps, request, reply, query.value.wait ?? 0));
    if (view === "tooMany") return refuse(reply, TOO_MANY_WAITS);
    if (view === "unauthorized") return refuse(reply, SIGN_IN);
    return view === null ? refuse(reply, PAUSE_NOT_FOUND) : sendPause(request, reply, view);
  };
}

/** Waiting stops early if the client disconnects, or if its key or session ends. */
function waitFor(deps: ApiDeps, request: FastifyRequest, reply: FastifyReply, seconds: number): LongPoll | null {
  if (seconds === 0) return null;
  const disconnected = new AbortController();
  reply.raw.once("close", () => disconnected.abort());
  return {
    waitMs: seconds * 1000,
    signal: disconnected.signal,
    isAuthorized: () => isAuthorized(deps, request),
  };
}

const TOO_MANY_WAITS = temporary(
  problem(
    429,
    "RATE_LIMITED",
    "This tenant, or this agent for the same pause, has the maximum number of waiting requests. Send fewer requests with `wait`.",
  ),
  WAITS_RETRY_AFTER_SECONDS,
);

export function sendPause(request: FastifyRequest, reply: FastifyReply, view: PauseView): FastifyReply {
  return reply.type(JSON_TYPE).send(pauseText(shownTo(request, view)));
}

/**
 * The link decides without a name. So a session never sees it, because a user decides by name, and neither do a viewer and
 * an agent.
 */
function shownTo({ session, caller }: FastifyRequest, view: PauseView): PauseView {
  const mayDecide = session === null && includesRole(caller.actor.role, "developer");
  return mayDecide ? view : { ...view, respondUrl: null };
}

const CANCEL = {
  config,
  schema: {
    tags,
    operationId: "cancelPause",
    summary: "Cancel a pause",
    params: PathId,
    response: { 200: PauseResponse, ...errorResponses(404, 409) },
  },
};

function cancelPause({ engine: { pauses } }: ApiDeps) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<FastifyReply> => {
    const id = parseId(ID_PREFIX.pause, request.params.id);
    if (id === null) return refuse(reply, PAUSE_NOT_FOUND);
    const output = await pauses.cancel(request.caller, id);
    switch (output.kind) {
      case "unknown":
        return refuse(reply, PAUSE_NOT_FOUND);
      case "cancelled":
        return sendPause(request, reply, output.view);
      case "before":
        return refuse(reply, alreadyEnded(output.view.pause, "The pause cannot be cancelled"));
    }
  };
}

/** @param what what was refused, as the start of a sentence */
export function alreadyEnded({ ending }: Pick<Pause, "ending">, what: string): Problem {
  switch (ending?.status) {
    case "responded":
      return problem(409, "ALREADY_RESPONDED", `${what}: it has been answered.`);
    case "timed_out":
      return problem(409, "ALREADY_TIMED_OUT", `${what}: it has timed out.`);
    default:
      return problem(409, "ALREADY_CANCELLED", "The pause has already been cancelled.");
  }
}
