/** Limits the requests of senders whose signatures fail, on the public routes. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { InboundService } from "../../engine/inbound/inbound-types.ts";
import type { ClientAddress } from "../http/client-address.ts";
import type { Tarpit } from "./tarpit.ts";

export interface FailureLimit {
  readonly inbound: Pick<InboundService, "mayTry" | "countFailure">;
  readonly addressOf: ClientAddress;
  readonly tarpit: Tarpit;
}

export function installFailureLimit(app: FastifyInstance, { inbound, addressOf, tarpit }: FailureLimit): void {
  // Before the body is read: a flood of forged requests must cost less than sending it.
  app.addHook("onRequest", (request, reply, done) => {
    if (inbound.mayTry(addressOf(request), contentLength(request.headers))) done();
    else tarpit.refuse(request, reply);
  });
  // Counts requests that do not reach the engine, such as those with a body that is too large.
  app.addHook("onError", (request, _reply, error, done) => {
    if ((error.statusCode ?? INTERNAL_ERROR) < INTERNAL_ERROR) inbound.countFailure(addressOf(request));
    done();
  });
}

const INTERNAL_ERROR = 500;

/** Zero for a body of unknown length. */
function contentLength(headers: FastifyRequest["headers"]): number {
  return Number(headers["content-length"] ?? 0);
}
