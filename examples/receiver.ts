/**
 * A receiver. It verifies each delivery, drops repeats, and prints the rest. It answers 500 to requests under /broken, so
 * that you can watch retries.
 *
 *   WEBHOOK_SECRET=whsec_… npx node examples/receiver.ts
 */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
// In your own project, import from "@signalbox/sdk".
import { verify, WebhookVerificationError } from "../packages/sdk/src/index.ts";

/** Large enough for the largest payload, 256 KB, and its envelope. */
const BODY_BYTES_MAX = 320 * 1024;

const { WEBHOOK_SECRET, PORT = "9000" } = process.env;
if (WEBHOOK_SECRET === undefined) throw new Error("Set WEBHOOK_SECRET to the endpoint's signing secret");
/** While you change the secret, set both, separated by a comma. */
const secret = WEBHOOK_SECRET.split(",");
/** In production, use a table with a unique column, and write to it in the transaction that does the work. */
const seen = new Set<string>();

/** A payload can contain control characters, which a terminal would obey. */
const visible = (text: string): string => text.replace(/\p{C}/gu, (one) => `<U+${one.codePointAt(0)?.toString(16)}>`);

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
    say(`received ${visible(body.toString())}`);
    // Stored after the work is done: if the work fails, the retry must not be dropped as a repeat.
    if (id !== null) seen.add(id);
    return 204;
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    say(`refused  ${error.code}`);
    return 401;
  }
}

/** The raw bytes of the body, which is what the signature covers; null if the body is too large. */
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
    () => response.destroy(), // the sender disconnected before its body was complete
  );
});
await once(server.listen(Number(PORT), "127.0.0.1"), "listening");
say(`receiver listens on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
