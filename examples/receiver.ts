/**
 * A receiver: it verifies each delivery, drops repeats, and prints what it took. Under /broken it answers 500, so that
 * retries can be watched.
 *
 *   WEBHOOK_SECRET=whsec_… npx node examples/receiver.ts
 */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
// In a project of your own: "@signalbox/sdk".
import { verify, WebhookVerificationError } from "../packages/sdk/src/index.ts";

/** Above the largest payload, 256 KB, with its envelope. */
const BODY_BYTES_MAX = 320 * 1024;

const { WEBHOOK_SECRET, PORT = "9000" } = process.env;
if (WEBHOOK_SECRET === undefined) throw new Error("WEBHOOK_SECRET has to be the endpoint's signing secret");
/** Two, separated by a comma, while the secret is being changed. */
const secret = WEBHOOK_SECRET.split(",");
/** In earnest: a table with a unique column, written in the transaction that does the work. */
const seen = new Set<string>();

async function answer(request: IncomingMessage): Promise<number> {
  const body = await readBody(request);
  if (body === null) return 413;
  try {
    const { id } = await verify({ body, headers: request.headers, secret, scheme: "standard" });
    if (request.url?.startsWith("/broken")) {
      say(`failing  ${id}`);
      return 500;
    }
    if (id !== null && seen.has(id)) {
      say(`repeated ${id}`);
      return 204;
    }
    say(`received ${body}`);
    // Only now, when the work is done: else a failure would turn the retry into a repeat.
    if (id !== null) seen.add(id);
    return 204;
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    say(`refused  ${error.code}`);
    return 401;
  }
}

/** The bytes as they came, since another spelling has another signature; null when there are too many. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const server = createServer((request, response) => {
  answer(request).then(
    (status) => response.writeHead(status).end(),
    () => response.destroy(), // it went away while it was read
  );
});
await once(server.listen(Number(PORT), "127.0.0.1"), "listening");
say(`receiver listens on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
