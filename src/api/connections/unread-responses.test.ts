import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { boundedResponses, markShared } from "./unread-responses.ts";

const MB = 1024 * 1024;
/** More than the systems of both sides keep of it. */
const LARGE = Buffer.alloc(16 * MB);

/** A server whose answers are large, and whose untaken ones together may hold two of them. */
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

/** Asks, and takes nothing; resolves with the server's side of it when there is an answer. */
async function ask(t: TestContext, server: Server, path = "/"): Promise<{ client: Socket; serverSide: Socket }> {
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1").pause();
  client.on("error", () => undefined);
  t.after(() => client.destroy());
  const [serverSide] = (await once(server, "connection")) as [Socket];
  client.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
  await once(server, "request");
  return { client, serverSide };
}

test("the answer that has waited longest is dropped for one more than may wait", async (t) => {
  const server = await serving(t);
  const [first, second, third] = [await ask(t, server), await ask(t, server), await ask(t, server)];
  assert.deepEqual(
    [first, second, third].map(({ serverSide }) => serverSide.destroyed),
    [true, false, false],
  );
});

test("an answer that is taken, and one whose reader leaves, makes room", async (t) => {
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

test("answers that share their bytes are not counted", async (t) => {
  const server = await serving(t);
  const readers = [];
  for (let count = 0; count < 4; count += 1) readers.push(await ask(t, server, "/shared"));
  assert.ok(readers.every(({ serverSide }) => !serverSide.destroyed));
});
