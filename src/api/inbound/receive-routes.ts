/** The two public routes that receive webhooks. A sender without the secret of a source learns nothing from the responses. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { ID_PREFIX, parseId, type Uuid } from "../../domain/ids.ts";
import { INBOUND_BODY_BYTES_MAX } from "../../domain/limits.ts";
import type { AnyOutput, InboundService, PauseStatusOutput } from "../../engine/inbound/inbound-types.ts";
import { installFailureLimit } from "../connections/failure-limit.ts";
import { installRawBodies, publicRequestOf } from "../connections/public-request.ts";
import { Tarpit } from "../connections/tarpit.ts";
import type { ApiDeps } from "../deps.ts";
import {
  INBOUND_FULL,
  INBOUND_UNAUTHORIZED,
  invalidFields,
  loopDetected,
  PAUSE_STATUS_UNAUTHORIZED,
  publicErrorResponses,
  refuse,
  unreadableBody,
} from "../errors/pause-status-errors.ts";
import type { Problem } from "../errors/problem.ts";
import { type ClientAddress, createClientAddress } from "../http/client-address.ts";
import { JSON_TYPE, TEXT_TYPE } from "../http/content-type.ts";
import {
  AnyBody,
  AnyReceivedResponses,
  anyReceivedText,
  PauseStatusBody,
  ReceivedResponse,
  receivedText,
} from "./receive-wire.ts";

type BySource = { Params: { source_id: string } };

interface Receiving {
  readonly deps: ApiDeps;
  readonly inbound: InboundService;
  readonly addressOf: ClientAddress;
  readonly tarpit: Tarpit;
}

export function registerReceiveRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const receiving = {
    deps,
    inbound: deps.engine.inbound,
    addressOf: createClientAddress(deps.trustProxy),
    tarpit: new Tarpit(deps.clock),
  };
  installRawBodies(app);
  installFailureLimit(app, receiving);
  app.post("/api/v1/webhooks/pause-status", PAUSE_STATUS, receivePauseStatus(receiving));
  app.post<BySource>("/in/:source_id", ANY, receiveAny(receiving));
}

/** `[{}]` means that credentials are optional. `[]` would mean that the route never sends a 401 or 403. */
const security = [{}];

const PAUSE_STATUS = {
  bodyLimit: INBOUND_BODY_BYTES_MAX,
  schema: {
    tags: ["Pause status"],
    operationId: "receivePauseStatus",
    summary: "Receive a pause-status transition",
    description: "Requires a signature with a source's secret. Accepts any content type, and keeps additional fields.",
    security,
    body: PauseStatusBody,
    response: {
      200: ReceivedResponse,
      ...publicErrorResponses("The body is not an unambiguous JSON object.", 422, 507),
    },
  },
};

/** A hot path: it neither creates a promise nor returns the reply, since Fastify would wait for either. */
function receivePauseStatus({ deps, inbound, addressOf, tarpit }: Receiving) {
  return (request: FastifyRequest, reply: FastifyReply): void => {
    inbound.receivePauseStatus(publicRequestOf(deps, addressOf, request)).then(
      (output) => sendPauseStatusResult(tarpit, request, reply, output),
      (error) => reply.send(error),
    );
  };
}

function sendPauseStatusResult(
  tarpit: Tarpit,
  request: FastifyRequest,
  reply: FastifyReply,
  output: PauseStatusOutput,
): void {
  switch (output.kind) {
    case "received":
      reply.type(JSON_TYPE).send(receivedText(output));
      return;
    case "unreadable":
      refuse(reply, unreadableBody(output.message));
      return;
    case "invalid":
      refuse(reply, invalidFields(output.faults));
      return;
    case "tooMany":
      tarpit.refuse(request, reply);
      return;
    default:
      refuse(reply, refusalOf(output, PAUSE_STATUS_UNAUTHORIZED));
  }
}

const ANY = {
  bodyLimit: INBOUND_BODY_BYTES_MAX,
  schema: {
    tags: ["Sources"],
    operationId: "receiveWebhook",
    summary: "Receive a source's webhook, and publish it as an event",
    description:
      "Accepts any content type. The source's scheme decides how the request is verified. A Slack challenge gets its " +
      "response as text, and is not published.",
    consumes: ["application/octet-stream"],
    security,
    params: Type.Object({ source_id: Type.String() }),
    body: AnyBody,
    response: {
      200: AnyReceivedResponses,
      // A body that the scheme cannot read is a 401, like any request that fails verification.
      ...publicErrorResponses(
        "Malformed HTTP: no Host header, a malformed head or length, or a path with invalid percent-encoding. Never for what the body says.",
        507,
      ),
    },
  },
};

function receiveAny({ deps, inbound, addressOf, tarpit }: Receiving) {
  return (request: FastifyRequest<BySource>, reply: FastifyReply): void => {
    const id = parseId(ID_PREFIX.source, request.params.source_id) ?? NO_ID;
    inbound.receiveAny(id, publicRequestOf(deps, addressOf, request)).then(
      (output) => sendResult(tarpit, request as FastifyRequest, reply, output),
      (error) => reply.send(error),
    );
  };
}

/** Replaces a malformed id. No source has it, so the request is refused by the same steps as one for an unknown source. */
const NO_ID = "00000000-0000-0000-0000-000000000000" as Uuid;

function sendResult(tarpit: Tarpit, request: FastifyRequest, reply: FastifyReply, output: AnyOutput): void {
  switch (output.kind) {
    case "received":
      reply.type(JSON_TYPE).send(anyReceivedText(output));
      return;
    case "challenge":
      reply.type(TEXT_TYPE).send(output.challenge);
      return;
    case "tooMany":
      tarpit.refuse(request, reply);
      return;
    default:
      refuse(reply, refusalOf(output, INBOUND_UNAUTHORIZED));
  }
}

/** The refusals that both routes have. */
function refusalOf(
  output: Extract<AnyOutput, { kind: "unauthorized" | "looped" | "quotaExceeded" }>,
  unauthorized: Problem,
): Problem {
  switch (output.kind) {
    case "unauthorized":
      return unauthorized;
    case "looped":
      return loopDetected(output.message);
    case "quotaExceeded":
      return INBOUND_FULL;
  }
}
