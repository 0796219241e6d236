/** A real HTTP server with responses that the test supplies. */
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export type Answering = (seen: Seen, response: http.ServerResponse) => void;

/** Serve the responses in order, repeating the last one. Everything closes with the test. */
export async function serve(test: TestContext, ...answers: Answering[]): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "", url = "", headers } = request;
    const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
    seen.push(one);
    answers[Math.min(seen.length, answers.length) - 1]?.(one, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answering =>
  (_seen, response) => {
    response.writeHead(status, { "content-type": "application/json", "x-signalbox": "1", ...headers });
    response.end(JSON.stringify(body));
  };

export const noContent: Answering = (_seen, response) => {
  response.writeHead(204).end();
};

/** No response: the connection is cut. */
export const hangUp: Answering = (_seen, response) => {
  response.destroy();
};
