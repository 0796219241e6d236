/** The HTTP server under the routes: what holds for every connection, before there is a request of ours. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { ApiDeps } from "../deps.ts";
import {
  CONNECTION_IDLE_MS_MAX,
  CONNECTIONS_CHECK_MS,
  KEEP_ALIVE_MS,
  REQUEST_HEAD_BYTES_MAX,
  REQUEST_HEAD_MS_MAX,
  REQUEST_MS_MAX,
} from "../http/limits.ts";
import { createConnectionLimit } from "./connection-limit.ts";
import { oneAtATime } from "./pipelining.ts";
import { refuseConnection, refusePipelined } from "./socket-errors.ts";
import { boundedResponses } from "./unread-responses.ts";

export function createHttpServer(
  handle: RequestListener,
  { telemetry, trustProxy }: Pick<ApiDeps, "telemetry" | "trustProxy">,
): Server {
  const server = createServer({
    ServerResponse: boundedResponses(),
    // The first hook answers it, in the surface's envelope; Node's own answer has none.
    requireHostHeader: false,
    maxHeaderSize: REQUEST_HEAD_BYTES_MAX,
    headersTimeout: REQUEST_HEAD_MS_MAX,
    requestTimeout: REQUEST_MS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
  });
  server.timeout = CONNECTION_IDLE_MS_MAX;
  server.on("connection", createConnectionLimit({ proxies: trustProxy, refuse: refuseConnection }));
  const begin = oneAtATime(handle, { refuse: refusePipelined });
  server.on("request", begin);
  // With listeners of its own Node answers neither by itself: the first hook refuses what it does not know, and whoever
  // reads the body asks for it.
  server.on("checkContinue", begin);
  server.on("checkExpectation", begin);
  server.on("error", (error: NodeJS.ErrnoException) => {
    // Too few file descriptors, say. Without a listener it would end the process; that it cannot listen is told otherwise.
    if (error.syscall !== "accept") return;
    telemetry.noticed({ level: "error", what: "connection_not_accepted", fields: { error: error.message } });
  });
  return server;
}
