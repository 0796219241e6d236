/** A route without a schema for its body accepts no body, an empty one, or `{}`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { type Envelope, invalid, send } from "../errors/problem.ts";
import { bodyOf } from "../http/body.ts";
import { checker } from "./check.ts";

const check = checker(Type.Object({}, { additionalProperties: false }));
/** The methods that Fastify parses a body for. */
const WITH_BODY: readonly string[] = ["DELETE", "PATCH", "POST", "PUT"];

/** Makes routes without a body schema refuse a body with fields. Call it before the routes are registered. */
export function refuseUnneededBodies(app: FastifyInstance, envelope: Envelope): void {
  const refuseFields = (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const body = check(bodyOf(request).value);
    if (body.kind === "faults") send(reply, envelope, invalid(body.faults));
    else done();
  };
  app.addHook("onRoute", (route) => {
    if (route.schema?.body !== undefined || !WITH_BODY.includes(String(route.method))) return;
    route.preHandler = [refuseFields, ...[route.preHandler ?? []].flat()];
  });
}
