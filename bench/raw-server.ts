/**
 * The raw limit: what a server built from the same parts reaches if it only forwards. It runs in a separate process. A
 * bare Fastify route posts each body to the receiver with undici, waits for the answer, answers 202, and stores
 * nothing.
 */
import type { AddressInfo } from "node:net";
import { fastify } from "fastify";
import { Pool } from "undici";

/** As many as the load has, so that no request waits for a connection. */
const CONNECTIONS = 64;
const receiver = new Pool(`http://127.0.0.1:${process.env.RECEIVER_PORT}`, { connections: CONNECTIONS });
const headers = { "content-type": "application/json" };

const app = fastify();
app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => done(null, body));
app.post("/v1/events", async (request, reply) => {
  const answer = await receiver.request({ method: "POST", path: "/accept", headers, body: request.body as string });
  await answer.body.dump();
  return reply.code(202).send();
});

process.on("disconnect", () => process.exit(0));
await app.listen({ host: "127.0.0.1", port: 0 });
process.send?.({ kind: "listening", port: (app.server.address() as AddressInfo).port });
