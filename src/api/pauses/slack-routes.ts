/** `/v1/slack/interactions`: Slack says that a person pressed a button. The request is verified by Slack's signature. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { SLACK_REQUEST_BYTES_MAX } from "../../domain/limits.ts";
import { installFailureLimit } from "../connections/failure-limit.ts";
import { installRawBodies, publicRequestOf } from "../connections/public-request.ts";
import { Tarpit } from "../connections/tarpit.ts";
import type { ApiDeps } from "../deps.ts";
import { publicErrorResponses, refuse } from "../errors/pause-status-errors.ts";
import { invalid, problem, temporary } from "../errors/problem.ts";
import { createClientAddress } from "../http/client-address.ts";
import { OVERLOAD_RETRY_AFTER_SECONDS } from "../http/limits.ts";

export function registerSlackRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const addressOf = createClientAddress(deps.trustProxy);
  installRawBodies(app);
  installFailureLimit(app, { inbound: deps.engine.inbound, addressOf, tarpit: new Tarpit(deps.clock) });
  app.post("/v1/slack/interactions", INTERACTION, receiveInteraction(deps));
}

/** A press goes in no loop. */
const { 508: _loop, ...refusals } = publicErrorResponses("The form has no `payload`, or one that is not Slack's.");

const INTERACTION = {
  bodyLimit: SLACK_REQUEST_BYTES_MAX,
  schema: {
    tags: ["Pauses"],
    operationId: "receiveSlackInteraction",
    summary: "Receive the press of a button in Slack",
    description:
      "For Slack: the Request URL of an app whose signing secret is in `SLACK_SIGNING_SECRET`. The response comes at " +
      "once, and the person gets a reply in Slack.",
    consumes: ["application/x-www-form-urlencoded"],
    security: [{}],
    body: Type.Object({ payload: Type.String({ description: "A JSON object, such as one of type `block_actions`." }) }),
    response: { 200: Type.Null({ description: "The press was accepted, or asks for nothing." }), ...refusals },
  },
};

function receiveInteraction(deps: ApiDeps) {
  const { slack, inbound } = deps.engine;
  const addressOf = createClientAddress(deps.trustProxy);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const output = slack.receive(publicRequestOf(deps, addressOf, request));
    switch (output.kind) {
      case "accepted":
        return reply.code(200).send();
      case "invalid":
        return refuse(reply, invalid([{ field: output.field, rule: output.rule }]));
      case "busy":
        return refuse(reply, BUSY);
      case "unauthorized":
        inbound.countFailure(addressOf(request));
        return refuse(reply, NOT_SLACK);
    }
  };
}

/** The same for every reason, and where Slack is not set up. */
const NOT_SLACK = {
  ...problem(401, "UNAUTHORIZED", "The server could not verify that its Slack app sent this request."),
  headers: { "www-authenticate": 'Signature realm="signalbox"' },
};
const BUSY = temporary(
  problem(429, "RATE_LIMITED", "Too many presses of buttons are in progress. Press the button again."),
  OVERLOAD_RETRY_AFTER_SECONDS,
);
