/** `/v1/pause/{id}/decide`, and what else people do with a question: send its message again, and see its link. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ID_PREFIX, parseId, type Uuid } from "../../domain/ids.ts";
import { PASSWORD_FRESH_MS, PAUSE_RESENDS_COUNT_MAX } from "../../domain/limits.ts";
import { deciders, type Pause } from "../../domain/pauses/pause.ts";
import type { DecideOutput, ResendOutput } from "../../engine/pauses/pause-types.ts";
import { tooManyTries } from "../access/session-routes.ts";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, PAUSE_NOT_FOUND, refuse } from "../errors/pauses-errors.ts";
import { invalid, type Problem, problem, SESSION_REQUIRED } from "../errors/problem.ts";
import { bodyOf } from "../http/body.ts";
import type { ById } from "../http/by-id.ts";
import { createClientAddress } from "../http/client-address.ts";
import { PathId } from "../schema/schemas.ts";
import { alreadyEnded, channelNotConfigured, sendPause } from "./pause-routes.ts";
import { PauseResponse, RevealedLinkResponse } from "./pause-wire.ts";
import { sendTooLate } from "./respond-routes.ts";
import { answerOf, answerProblem, checkDecide, DecideBody, outcomeOf, TooLateResponse } from "./respond-wire.ts";

const tags = ["Pauses"];
type Request = FastifyRequest<ById>;

export function registerDecideRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.post<ById>("/v1/pause/:id/decide", DECIDE, decide(deps));
  app.post<ById>("/v1/pause/:id/resend", RESEND, resend(deps));
  app.post<ById>("/v1/pause/:id/reveal-link", REVEAL, reveal(deps));
}

const DECIDE = {
  config: { accepts: "session" },
  schema: {
    tags,
    operationId: "decidePause",
    summary: "Decide a pause as the signed-in user",
    description:
      "A key gets 403 SESSION_REQUIRED. The pause, the audit log and the event name the user. " +
      "Sending the same answer again is 200 again. With a quorum above 1 it is a vote: the pause stays pending until enough " +
      "people have voted for the same option, and a second, different vote is 409 ALREADY_VOTED.",
    params: PathId,
    body: DecideBody,
    response: {
      200: PauseResponse,
      409: TooLateResponse,
      410: TooLateResponse,
      ...errorResponses(404, 413, 415, 429),
    },
  },
} as const;

function decide({ engine: { pauses }, trustProxy }: ApiDeps) {
  const addressOf = createClientAddress(trustProxy);
  return async (request: Request, reply: FastifyReply): Promise<FastifyReply> => {
    const { caller, session } = request;
    if (session === null) return refuse(reply, SESSION_REQUIRED);
    const body = checkDecide(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const id = pauseIdOf(request);
    if (id === null) return refuse(reply, PAUSE_NOT_FOUND);
    const password = { password: body.value.password ?? null, address: addressOf(request) };
    const by = { via: "session", session, password } as const;
    const output = await pauses.decide(caller, id, { ...answerOf(body.value), by });
    switch (output.kind) {
      case "decided":
        return sendPause(request, reply, { pause: output.pause, respondUrl: null });
      case "voted":
        return sendPause(request, reply, { pause: output.pause, respondUrl: null });
      case "tooLate":
        return sendTooLate(reply, output.ending);
      case "votedBefore":
        return sendVotedBefore(reply, output.pause);
      default:
        return refuse(reply, decideProblem(output));
    }
  };
}

type Refused = Exclude<DecideOutput, { kind: "decided" | "voted" | "tooLate" | "votedBefore" }>;

function decideProblem(output: Refused): Problem {
  switch (output.kind) {
    case "requester":
      return REQUESTER_CANNOT_DECIDE;
    case "notAnApprover":
      return notAnApprover(output.pause);
    case "passwordRequired":
      return PASSWORD_REQUIRED;
    case "wrongPassword":
      return WRONG_PASSWORD;
    case "tooMany":
      return tooManyTries(output);
    default:
      return answerProblem(output);
  }
}

function notAnApprover(pause: Pause): Problem {
  const emails = deciders(pause)
    .map(({ email }) => email)
    .join(", ");
  return problem(403, "NOT_AN_APPROVER", `Only the approvers of this pause may decide it: ${emails}.`);
}

const REQUESTER_CANNOT_DECIDE = problem(
  403,
  "REQUESTER_CANNOT_DECIDE",
  "You asked this question, or created the key that asked it, so you have no vote.",
);

function sendVotedBefore(reply: FastifyReply, { ending }: Pause): FastifyReply {
  const { status, code, message } = ALREADY_VOTED;
  return reply.code(status).send({ error: code, message, status_code: status, outcome: outcomeOf(ending) });
}

const ALREADY_VOTED = problem(
  409,
  "ALREADY_VOTED",
  "You have already voted for something else. Your first vote counts.",
);

const MINUTE_MS = 60_000;
const PASSWORD_REQUIRED = problem(
  403,
  "PASSWORD_REQUIRED",
  `This pause is protected. Send your password: you typed it more than ${PASSWORD_FRESH_MS / MINUTE_MS} minutes ago.`,
  [{ field: "password", rule: "is required to decide a protected pause" }],
);
/** Not a 401: the session is valid. */
const WRONG_PASSWORD = problem(403, "INVALID_CREDENTIALS", "The password is wrong.", [
  { field: "password", rule: "is not your password" },
]);

const RESEND = {
  config: { needs: "org_admin" },
  schema: {
    tags,
    operationId: "resendPause",
    summary: "Send the person the message again",
    description: `At most ${PAUSE_RESENDS_COUNT_MAX} times for each pause. The audit log records it.`,
    params: PathId,
    response: { 200: PauseResponse, ...errorResponses(404, 409) },
  },
} as const;

function resend({ engine: { pauses } }: ApiDeps) {
  return async (request: Request, reply: FastifyReply): Promise<FastifyReply> => {
    const id = pauseIdOf(request);
    if (id === null) return refuse(reply, PAUSE_NOT_FOUND);
    const output = await pauses.resend(request.caller, id);
    return output.kind === "resent" ? sendPause(request, reply, output.view) : refuse(reply, resendProblem(output));
  };
}

function resendProblem(output: Exclude<ResendOutput, { kind: "resent" }>): Problem {
  switch (output.kind) {
    case "channelNotConfigured":
      return channelNotConfigured(output.channel);
    case "ended":
      return alreadyEnded(output.view.pause, "The message cannot be sent again");
    case "unknown":
      return PAUSE_NOT_FOUND;
    case "notifiesNobody":
      return NOTIFIES_NOBODY;
    case "pending":
      return STILL_PENDING;
    case "tooMany":
      return TOO_MANY_RESENDS;
  }
}

const NOTIFIES_NOBODY = problem(
  409,
  "NOTIFIES_NOBODY",
  "There is no message to send again: the pause has no recipient, it belongs to a test key, or everybody has voted.",
);
const STILL_PENDING = problem(
  409,
  "NOTIFICATION_PENDING",
  "The message has not been sent yet. The server is still sending it, or will try again by itself.",
);
const TOO_MANY_RESENDS = problem(
  409,
  "TOO_MANY_RESENDS",
  `The message was sent again ${PAUSE_RESENDS_COUNT_MAX} times, the most for one pause. Ask the person in another way.`,
);

const REVEAL = {
  config: { accepts: "session", needs: "org_admin" },
  schema: {
    tags,
    operationId: "revealPauseLink",
    summary: "Show the link of a pause",
    description:
      "Anyone who has the link can decide, unless the pause requires a signed-in user. " +
      "The audit log records who was shown it.",
    params: PathId,
    response: { 200: RevealedLinkResponse, ...errorResponses(404, 409) },
  },
} as const;

function reveal({ engine: { pauses } }: ApiDeps) {
  return async (request: Request, reply: FastifyReply): Promise<object> => {
    const id = pauseIdOf(request);
    const view = id === null ? null : await pauses.reveal(request.caller, id);
    if (view === null) return refuse(reply, PAUSE_NOT_FOUND);
    if (view.respondUrl === null) return refuse(reply, alreadyEnded(view.pause, "The pause has no link any more"));
    return { respond_url: view.respondUrl };
  };
}

function pauseIdOf({ params }: Request): Uuid | null {
  return parseId(ID_PREFIX.pause, params.id);
}
