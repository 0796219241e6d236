/** A webhook receiver. The test decides how it answers each request. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { signalled } from "./deadline.ts";
import type { Scope } from "./server.ts";

/** One received request. It stays open until the test answers it. */
export interface Hook {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Arrival time in milliseconds on the monotonic clock. */
  readonly at: number;
  /** Resolves when the response is sent completely or the sender has closed the connection. */
  readonly over: Promise<void>;
  /** Sends the response. Only the first call has an effect. */
  answer(status?: number, headers?: Readonly<Record<string, string>>, body?: string): void;
}

export interface Hooks {
  readonly url: string;
  /** All requests so far, in order of arrival. */
  readonly all: readonly Hook[];
  /** The n-th request, counted from 1. It may already have arrived. */
  nth(count: number): Promise<Hook>;
  /** Sets the reaction to all later requests. Initially every request is answered with 200. */
  react(reaction: (hook: Hook, count: number) => void): void;
  /** The number of requests that are not yet answered. */
  readonly open: number;
  /** The highest number of requests that were open at the same time. */
  readonly openMax: number;
}

export const accept = (hook: Hook): void => hook.answer(200);
/** Leaves requests open for the test to answer. */
export const leaveOpen = (): void => undefined;

export async function startHooks(scope: Scope): Promise<Hooks> {
  const all: Hook[] = [];
  const waiting = new Map<number, { readonly promise: Promise<Hook>; give(hook: Hook): void }>();
  let reaction: (hook: Hook, count: number) => void = accept;
  let open = 0;
  let openMax = 0;

  function arrive(hook: Hook): void {
    open += 1;
    openMax = Math.max(openMax, open);
    all.push(hook);
    waiting.get(all.length)?.give(hook);
    reaction(hook, all.length);
  }

  function respond(response: ServerResponse): Hook["answer"] {
    let answered = false;
    const close = () => {
      if (!answered) open -= 1;
      answered = true;
    };
    response.on("close", close); // the sender closed the connection
    return (status = 200, headers = {}, body = "") => {
      if (answered) return;
      close();
      response.writeHead(status, headers).end(body);
    };
  }

  const port = await listen(scope, (request, body, response) => {
    const { headers, url: path = "" } = request;
    const over = new Promise<void>((resolve) => response.on("close", resolve));
    arrive({ path, headers, body, at: performance.now(), over, answer: respond(response) });
  });
  return {
    url: `http://127.0.0.1:${port}/hook`,
    all,
    nth(count) {
      const arrived = all[count - 1];
      if (arrived !== undefined) return Promise.resolve(arrived);
      let signal = waiting.get(count);
      if (signal === undefined) {
        signal = signalled<Hook>(`request ${count} (${all.length} had arrived)`);
        waiting.set(count, signal);
      }
      return signal.promise;
    },
    react(next) {
      reaction = next;
    },
    get open() {
      return open;
    },
    get openMax() {
      return openMax;
    },
  };
}

/** Listens on a free port, and calls back with each request and its whole body. */
async function listen(
  scope: Scope,
  onRequest: (request: IncomingMessage, body: string, response: ServerResponse) => void,
): Promise<number> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => onRequest(request, Buffer.concat(chunks).toString("utf8"), response));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  scope.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}
