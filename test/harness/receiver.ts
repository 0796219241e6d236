/** A receiver on loopback that stores the requests it gets and answers with a configurable status. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { Scope } from "./server.ts";

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface RunningReceiver {
  readonly url: string;
  /** The next request that no earlier call has returned. It may already have arrived. */
  next(): Promise<Received>;
  /** Sets the status of all later responses. Initially 200. */
  answerWith(status: number): void;
  /** Later requests get their response when the returned function is called. */
  hold(): () => void;
}

export async function startRunningReceiver(scope: Scope): Promise<RunningReceiver> {
  const arrived: Received[] = [];
  const waiting: ((received: Received) => void)[] = [];
  let status = 200;
  let held = Promise.resolve();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const received = { headers: request.headers, body: Buffer.concat(chunks).toString("utf8") };
      const taker = waiting.shift();
      if (taker === undefined) arrived.push(received);
      else taker(received);
      void held.then(() => response.writeHead(status).end());
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  scope.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    next() {
      const first = arrived.shift();
      if (first !== undefined) return Promise.resolve(first);
      return new Promise((resolve) => waiting.push(resolve));
    },
    answerWith(next) {
      status = next;
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
  };
}
