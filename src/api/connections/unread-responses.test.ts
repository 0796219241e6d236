import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { boundedResponses, markShared } from "./unread-responses.ts";

const MB = 1024 * 1024;
/** More than the socket buffers of both sides hold. */
const LARGE = Buffer.alloc(16 * MB);

/** A server with large responses, two of which may be unread. */
async function serving(t: TestContext): Promise<Server> {
  const server = createServer({ ServerResponse: boundedResponses(2.5 * LARGE.length) }, (request, response) => {
    if (request.url === "/shared") markShared(response);
    response.end(LARGE);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return server;
}

/** Sends a request and does not read. Resolves with both sides of the connection once the server has responded. */
async function ask(t: TestContext, server: Server, path = "/"): Promise<{ client: Socket; serverSide: Socket }> {
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1").pause();
  client.on("error", () => undefined);
  t.after(() => client.destroy());
  const [serverSide] = (await once(server, "connection")) as [Socket];
  client.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
  await once(server, "request");
  return { client, serverSide };
}

test("beyond the limit, the oldest unread response is dropped", async (t) => {
  const server = await serving(t);
  const [first, second, third] = [await ask(t, server), await ask(t, server), await ask(t, server)];
  assert.deepEqual(
    [first, second, third].map(({ serverSide }) => serverSide.destroyed),
    [true, false, false],
  );
});

test("a response that is read, or whose client disconnects, no longer counts", async (t) => {
  const server = await serving(t);
  const [first, second] = [await ask(t, server), await ask(t, server)];
  first.client.resume();
  await once(first.serverSide, "drain");
  second.serverSide.destroy();
  await once(second.serverSide, "close");
  const [third, fourth] = [await ask(t, server), await ask(t, server)];
  assert.deepEqual([third.serverSide.destroyed, fourth.serverSide.destroyed], [false, false]);
  assert.equal(first.serverSide.destroyed, false);
});

test("responses that share their buffer do not count", async (t) => {
  const server = await serving(t);
  const readers = [];
  for (let count = 0; count < 4; count += 1) readers.push(await ask(t, server, "/shared"));
  assert.ok(readers.every(({ serverSide }) => !serverSide.destroyed));
});
