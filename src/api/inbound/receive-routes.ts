/** The two public routes: whoever knows a source's secret may send, and nobody else learns anything. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { ID_PREFIX, parseId, type Uuid } from "../../domain/ids.ts";
import { INBOUND_BODY_BYTES_MAX } from "../../domain/limits.ts";
import type { AnyAnswer, PauseStatusAnswer } from "../../engine/inbound/inbound-service.ts";
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
import { createClientAddress } from "../http/client-address.ts";
import { installRawBodies, publicRequestOf } from "./public-request.ts";
import {
  AnyBody,
  AnyReceivedResponses,
  anyReceivedText,
  PauseStatusBody,
  ReceivedResponse,
  receivedText,
} from "./receive-wire.ts";
import { createTarpit, type Tarpit } from "./tarpit.ts";

const INTERNAL_ERROR = 500;
const JSON_TYPE = "application/json; charset=utf-8";
/** What a path that names no id stands for: no source has this one, and it is refused by the same steps. */
const NO_ID = "00000000-0000-0000-0000-000000000000" as Uuid;
/** Nothing is needed but a signature; unlike `[]`, which stands for routes that refuse nobody. */
const security = [{}];
const UNREADABLE = "The body cannot be read without doubt about what it says.";
/** Any body is taken: what its scheme cannot read is not verified. */
const NOT_HTTP =
  "Not a request of HTTP: no Host, a malformed head or length, or a path that is no percent-encoding. Never for what the body says.";

type BySource = { Params: { source_id: string } };

export function registerReceiveRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { inbound } = deps.engine;
  const addressOf = createClientAddress(deps.trustProxy);
  const tarpit = createTarpit(deps.clock);
  installRawBodies(app);
  // Before the body is read: a flood of forged ones must cost less than it takes to send.
  app.addHook("onRequest", (request, reply, done) => {
    if (inbound.mayTry(addressOf(request), announcedBytes(request.headers))) done();
    else tarpit.refuse(request, reply);
  });
  // What does not even get as far as the engine, such as a body that is too large.
  app.addHook("onError", (request, _reply, error, done) => {
    if ((error.statusCode ?? INTERNAL_ERROR) < INTERNAL_ERROR) inbound.countFailure(addressOf(request));
    done();
  });

  app.post(
    "/api/v1/webhooks/pause-status",
    {
      bodyLimit: INBOUND_BODY_BYTES_MAX,
      schema: {
        tags: ["Pause status"],
        operationId: "receivePauseStatus",
        summary: "Receive a pause-status transition",
        description:
          "From whoever signs with a source's secret, with any content type. Fields beside these are kept as they are.",
        security,
        body: PauseStatusBody,
        response: { 200: ReceivedResponse, ...publicErrorResponses(UNREADABLE, 422, 507) },
      },
    },
    // No promise of its own and no reply returned, which Fastify would wait for: senders come by the thousand.
    (request, reply): void => {
      inbound.receivePauseStatus(publicRequestOf(deps, addressOf, request)).then(
        (answer) => answerPauseStatus(tarpit, request, reply, answer),
        (error) => reply.send(error),
      );
    },
  );

  app.post<BySource>(
    "/in/:source_id",
    {
      bodyLimit: INBOUND_BODY_BYTES_MAX,
      schema: {
        tags: ["Sources"],
        operationId: "receiveWebhook",
        summary: "Receive a source's webhook, and publish it as an event",
        description:
          "Of any content type; verified by the source's scheme. A challenge of Slack's is answered as text, and is no event.",
        consumes: ["application/octet-stream"],
        security,
        params: Type.Object({ source_id: Type.String() }),
        body: AnyBody,
        response: { 200: AnyReceivedResponses, ...publicErrorResponses(NOT_HTTP, 507) },
      },
    },
    (request, reply): void => {
      const id = parseId(ID_PREFIX.source, request.params.source_id) ?? NO_ID;
      inbound.receiveAny(id, publicRequestOf(deps, addressOf, request)).then(
        (answer) => answerAny(tarpit, request as FastifyRequest, reply, answer),
        (error) => reply.send(error),
      );
    },
  );
}

/** How long the body is going to be; 0 when only its end will tell. */
function announcedBytes(headers: FastifyRequest["headers"]): number {
  return Number(headers["content-length"] ?? 0);
}

function answerPauseStatus(
  tarpit: Tarpit,
  request: FastifyRequest,
  reply: FastifyReply,
  answer: PauseStatusAnswer,
): void {
  switch (answer.kind) {
    case "received":
      reply.type(JSON_TYPE).send(receivedText(answer));
      return;
    case "unreadable":
      refuse(reply, unreadableBody(answer.message));
      return;
    case "unauthorized":
      refuse(reply, PAUSE_STATUS_UNAUTHORIZED);
      return;
    case "invalid":
      refuse(reply, invalidFields(answer.faults));
      return;
    case "looped":
      refuse(reply, loopDetected(answer.message));
      return;
    case "tooMany":
      tarpit.refuse(request, reply);
      return;
    case "quotaExceeded":
      refuse(reply, INBOUND_FULL);
      return;
  }
}

function answerAny(tarpit: Tarpit, request: FastifyRequest, reply: FastifyReply, answer: AnyAnswer): void {
  switch (answer.kind) {
    case "received":
      reply.type(JSON_TYPE).send(anyReceivedText(answer));
      return;
    case "challenge":
      reply.type("text/plain; charset=utf-8").send(answer.challenge);
      return;
    case "unauthorized":
      refuse(reply, INBOUND_UNAUTHORIZED);
      return;
    case "looped":
      refuse(reply, loopDetected(answer.message));
      return;
    case "tooMany":
      tarpit.refuse(request, reply);
      return;
    case "quotaExceeded":
      refuse(reply, INBOUND_FULL);
      return;
  }
}
