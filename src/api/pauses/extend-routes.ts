/** `/v1/pause/{id}/extend`: a later deadline for a pause. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type, { type Static } from "typebox";
import type { Fault } from "../../domain/errors.ts";
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import { PAUSE_SECONDS_MAX } from "../../domain/limits.ts";
import type { Ending } from "../../domain/pauses/pause.ts";
import { parseTime } from "../../domain/text/time.ts";
import type { NewDeadline } from "../../engine/pauses/pause-types.ts";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, PAUSE_NOT_FOUND, refuse } from "../errors/pauses-errors.ts";
import { invalid } from "../errors/problem.ts";
import { bodyOf } from "../http/body.ts";
import type { ById } from "../http/by-id.ts";
import { checker } from "../schema/check.ts";
import { Nullable, PathId } from "../schema/schemas.ts";
import { alreadyEnded, sendPause } from "./pause-routes.ts";
import { PauseResponse } from "./pause-wire.ts";
import { outcomeOf, TooLateResponse } from "./respond-wire.ts";

const ExtendBody = Type.Object(
  {
    expires_in_seconds: Type.Optional(
      Nullable(Type.Integer({ minimum: 1, maximum: PAUSE_SECONDS_MAX, description: "From now on." })),
    ),
    expires_at: Type.Optional(
      Nullable(Type.String({ format: "date-time", description: "A whole second, instead of `expires_in_seconds`." })),
    ),
  },
  { title: "ExtensionInput", additionalProperties: false, examples: [{ expires_in_seconds: 86_400 }] },
);
const checkExtend = checker(ExtendBody);

const EXTEND = {
  config: { needs: "org_admin" },
  schema: {
    tags: ["Pauses"],
    operationId: "extendPause",
    summary: "Give a pause a later deadline",
    description:
      "Only a pending pause, up to a year from now. Links that were sent before keep working. Reminders and an escalation " +
      "that are still to come keep their shares, of the longer time. The audit log records it.",
    params: PathId,
    body: ExtendBody,
    response: { 200: PauseResponse, 409: TooLateResponse, ...errorResponses(404, 413, 415) },
  },
} as const;

export function registerExtendRoute(app: FastifyInstance, deps: ApiDeps): void {
  app.post<ById>("/v1/pause/:id/extend", EXTEND, extend(deps));
}

function extend({ engine: { pauses } }: ApiDeps) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<FastifyReply> => {
    const body = checkExtend(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const deadline = deadlineIn(body.value);
    if ("rule" in deadline) return refuse(reply, invalid([deadline]));
    const id = parseId(ID_PREFIX.pause, request.params.id);
    if (id === null) return refuse(reply, PAUSE_NOT_FOUND);
    const output = await pauses.extend(request.caller, id, deadline);
    const field = "at" in deadline ? "expires_at" : "expires_in_seconds";
    switch (output.kind) {
      case "unknown":
        return refuse(reply, PAUSE_NOT_FOUND);
      case "extended":
        return sendPause(request, reply, output.view);
      case "notLater":
        return refuse(reply, invalid([{ field, rule: "must lead to a later deadline than the pause has" }]));
      case "tooFar":
        return refuse(reply, invalid([{ field, rule: "must be at most a year from now" }]));
      case "ended":
        return sendEnded(reply, output.ending);
    }
  };
}

function deadlineIn({ expires_in_seconds: seconds, expires_at: at }: Static<typeof ExtendBody>): NewDeadline | Fault {
  const isTime = at !== undefined && at !== null;
  if (seconds !== undefined && seconds !== null) {
    return isTime ? { field: "expires_at", rule: "must be left out when expires_in_seconds is given" } : { seconds };
  }
  if (!isTime) return { field: "expires_in_seconds", rule: "is required, unless expires_at is given" };
  const time = parseTime(at);
  const isWhole = time !== null && time % SECOND_MS === 0;
  return isWhole ? { at: time } : { field: "expires_at", rule: "must be a whole second" };
}

const SECOND_MS = 1000;

function sendEnded(reply: FastifyReply, ending: Ending): FastifyReply {
  const { status, code, message } = alreadyEnded({ ending }, "The deadline cannot change");
  return reply.code(status).send({ error: code, message, status_code: status, outcome: outcomeOf(ending) });
}
