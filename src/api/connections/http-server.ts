/** The HTTP server below the routes: timeouts, and the limits of connections, pipelining and unread responses. */
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
    // The first hook of the server refuses a missing Host, in the surface's envelope. Node's own response has no body.
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
  // With these listeners Node does not respond by itself: the first hook refuses unknown expectations, and the body reader
  // sends `100 Continue`.
  server.on("checkContinue", begin);
  server.on("checkExpectation", begin);
  server.on("error", (error: NodeJS.ErrnoException) => {
    // For example, too few file descriptors. Without this listener the error would end the process. `listen` reports its own
    // errors.
    if (error.syscall !== "accept") return;
    telemetry.noticed({ level: "error", what: "connection_not_accepted", fields: { error: error.message } });
  });
  return server;
}
