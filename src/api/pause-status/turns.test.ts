import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { type TestContext, test } from "node:test";
import Fastify from "fastify";
import { createTurns } from "./turns.ts";

const KB = 1024;

/** A server that tells of each request that has its turn, and answers when the test says so. */
async function serving(t: TestContext) {
  const turns = createTurns();
  const begun: { readonly url: string; answer(): void }[] = [];
  const counted = new EventEmitter();
  const app = Fastify();
  app.addHook("onRequest", (request, reply, done) => turns.take(request, reply, done));
  app.post("/*", (request, reply) => {
    begun.push({ url: `${request.url} ${JSON.stringify(request.body)}`, answer: () => void reply.send("done") });
    counted.emit("one");
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const connected = once(app.server, "connection");
  const client = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  client.on("error", () => undefined);
  t.after(() => {
    client.destroy();
    app.server.closeAllConnections();
    return app.close();
  });
  const [serverSide] = await connected;
  return {
    client,
    serverSide,
    begun,
    async beginsAs(count: number) {
      while (begun.length < count) await once(counted, "one");
    },
  };
}

function post(path: string, json = '{"a":1}'): string {
  const head = `host: a\r\ncontent-type: application/json\r\ncontent-length: ${json.length}`;
  return `POST ${path} HTTP/1.1\r\n${head}\r\n\r\n${json}`;
}

test("requests that come at once over one connection begin one after the other", async (t) => {
  const { client, begun, beginsAs } = await serving(t);
  client.write(post("/1") + post("/2") + post("/3"));
  for (const count of [1, 2, 3]) {
    await beginsAs(count);
    assert.equal(begun.length, count);
    begun.at(-1)?.answer();
    await once(client, "data");
  }
  assert.deepEqual(
    begun.map(({ url }) => url),
    ['/1 {"a":1}', '/2 {"a":1}', '/3 {"a":1}'],
  );
});

test("nothing more is read of a connection while a request waits, and all of it afterwards", async (t) => {
  const { client, serverSide, begun, beginsAs } = await serving(t);
  const large = JSON.stringify("x".repeat(900 * KB));
  client.write(post("/1") + post("/2", large) + post("/3"));
  await beginsAs(1);
  assert.equal(serverSide.isPaused(), true);
  for (const count of [1, 2, 3]) {
    await beginsAs(count);
    begun.at(-1)?.answer();
  }
  await once(client, "data");
  assert.equal(begun[1]?.url.length, "/2 ".length + large.length);
});

test("connections do not wait for each other's, nor for one that was closed", async (t) => {
  const { client, serverSide, begun, beginsAs } = await serving(t);
  client.write(post("/1") + post("/2"));
  await beginsAs(1);
  const other = connect(client.remotePort ?? 0, "127.0.0.1");
  t.after(() => other.destroy());
  other.write(post("/other"));
  await beginsAs(2);
  const closed = once(serverSide, "close");
  serverSide.destroy();
  await closed;
  begun[1]?.answer();
  await once(other, "data");
  assert.deepEqual(
    begun.map(({ url }) => url.split(" ")[0]),
    ["/1", "/other"],
  );
});
