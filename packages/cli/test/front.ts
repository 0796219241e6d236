/** A server's other address, which a test can take away and give back. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { within } from "../../../test/harness/deadline.ts";

/**
 * Another address of the server, until it ends all its connections. They get what was sent before.
 *
 * @param streams `streaming` resolves when so many streams have begun
 */
export async function startFront(t: TestContext, url: string, { port = 0, streams = 1 } = {}) {
  const { hostname, port: upstreamPort } = new URL(url);
  const sockets = new Set<Socket>();
  const streaming = Promise.withResolvers<void>();
  let begun = 0;
  const front = createServer((client) => {
    const upstream = connect(Number(upstreamPort), hostname);
    for (const socket of [client, upstream]) sockets.add(socket.on("error", () => undefined));
    client.pipe(upstream).pipe(client);
    upstream.on("data", (bytes) => {
      if (bytes.includes(": open\n") && ++begun === streams) streaming.resolve();
    });
  });
  front.listen(port, "127.0.0.1");
  await once(front, "listening");
  const close = () => {
    for (const socket of sockets) socket.destroySoon();
    front.close();
  };
  t.after(close);
  const { port: own } = front.address() as AddressInfo;
  return {
    port: own,
    url: `http://127.0.0.1:${own}`,
    streaming: () => within(streaming.promise, `the beginning of ${streams} streams`),
    close,
  };
}
