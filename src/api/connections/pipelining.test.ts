import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { oneAtATime } from "./pipelining.ts";
import { refuseMalformed, refusePipelined } from "./socket-errors.ts";

const KB = 1024;

interface Begun {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A server that reports when it handles a request, and responds when the test says so. */
async function serving(t: TestContext, waitingMax?: number) {
  const begun: Begun[] = [];
  const counted = new EventEmitter();
  const server = createServer(
    oneAtATime(
      (request, response) => {
        begun.push({ request, response });
        counted.emit("one");
      },
      { refuse: refusePipelined, ...(waitingMax !== undefined && { waitingMax }) },
    ),
  );
  server.on("clientError", refuseMalformed);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    begun,
    async beginsAs(count: number) {
      while (begun.length < count) await once(counted, "one");
    },
    /** A client, and the server's side of its connection. */
    async connected(): Promise<readonly [Socket, Socket]> {
      const accepted = once(server, "connection");
      const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
      client.on("error", () => undefined);
      t.after(() => client.destroy());
      const [serverSide] = await accepted;
      return [client, serverSide];
    },
  };
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;
const post = (path: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

test("pipelined requests are handled one after the other", async (t) => {
  const { begun, beginsAs, connected } = await serving(t);
  const [client] = await connected();
  client.write(post("/1", "one") + post("/2", "two") + get("/3"));
  for (const count of [1, 2, 3]) {
    await beginsAs(count);
    assert.equal(begun.length, count);
    const { request, response } = begun[count - 1] as Begun;
    response.end(`${request.url} ${await text(request)}.`);
    const [data] = await once(client, "data");
    assert.match(String(data), new RegExp(`/${count} (one|two|)\\.`));
  }
});

test("a connection is not read while a request waits, and read completely afterwards", async (t) => {
  const { begun, beginsAs, connected } = await serving(t);
  const [client, serverSide] = await connected();
  const large = "x".repeat(900 * KB);
  client.write(get("/1") + get("/2") + post("/3", large) + get("/4"));
  await beginsAs(1);
  assert.equal(serverSide.isPaused(), true);
  const readBytes = serverSide.bytesRead;
  // As Node does after a response.
  serverSide.resume();
  begun[0]?.response.write("some");
  await once(client, "data");
  assert.deepEqual([serverSide.isPaused(), serverSide.bytesRead], [true, readBytes]);
  client.resume();
  for (const count of [1, 2, 3, 4]) {
    await beginsAs(count);
    const { request, response } = begun[count - 1] as Begun;
    if (count === 3) assert.equal((await text(request)).length, large.length);
    response.end();
  }
  assert.equal(serverSide.listenerCount("resume"), 1, "only Node's own listener is left");
});

test("no further request is handled until the client has taken the response", async (t) => {
  const { begun, beginsAs, connected } = await serving(t);
  const [client] = await connected();
  client.pause();
  client.write(get("/1") + get("/2"));
  await beginsAs(1);
  begun[0]?.response.end(Buffer.alloc(32 * KB * KB));
  const [other] = await connected();
  other.write(get("/other"));
  await beginsAs(2);
  assert.equal(begun[1]?.request.url, "/other");
  client.resume();
  await beginsAs(3);
  assert.equal(begun[2]?.request.url, "/2");
});

test("a connection does not wait for another's requests, or for its own once it is closed", async (t) => {
  const { begun, beginsAs, connected } = await serving(t);
  const [client, serverSide] = await connected();
  client.write(get("/1") + get("/2"));
  await beginsAs(1);
  const [other] = await connected();
  other.write(get("/other"));
  await beginsAs(2);
  serverSide.destroy();
  await once(serverSide, "close");
  begun[0]?.response.end();
  begun[1]?.response.end();
  await once(other, "data");
  other.write(get("/next"));
  await beginsAs(3);
  assert.deepEqual(
    begun.map(({ request }) => request.url),
    ["/1", "/other", "/next"],
  );
});

test("when too many requests wait, earlier requests get responses and the connection is closed", async (t) => {
  const { begun, beginsAs, connected } = await serving(t, 2);
  const [first, firstServerSide] = await connected();
  first.write(get("/1") + get("/2") + get("/3"));
  await beginsAs(1);
  const [second] = await connected();
  const responses = text(second);
  second.write(get("/4") + get("/5").repeat(1000));
  await beginsAs(2);
  begun[1]?.response.end("four");
  assert.deepEqual((await responses).match(/HTTP\/1\.1 \d+|four/g), ["HTTP/1.1 200", "four", "HTTP/1.1 503"]);
  // A closed connection frees its place.
  firstServerSide.destroy();
  await once(firstServerSide, "close");
  const [third] = await connected();
  third.write(get("/6") + get("/7") + get("/8"));
  await beginsAs(3);
  begun.at(-1)?.response.end();
  await beginsAs(4);
  assert.equal(begun.at(-1)?.request.url, "/7");
});

test("malformed data gets its error after the responses to the requests before it", async (t) => {
  const { begun, beginsAs, connected } = await serving(t);
  const [client] = await connected();
  client.write(`${get("/1")}${get("/2")}NONSENSE\r\n\r\n`);
  const responses = text(client);
  for (const count of [1, 2]) {
    await beginsAs(count);
    begun[count - 1]?.response.end();
  }
  assert.deepEqual((await responses).match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 400"]);
});

test("a request with `connection: close` gets its response, whatever follows it", async (t) => {
  const { begun, beginsAs, connected } = await serving(t);
  const [client] = await connected();
  client.write(`GET /1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n${get("/2")}`);
  const responses = text(client);
  await beginsAs(1);
  begun[0]?.response.end();
  assert.deepEqual((await responses).match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 200"]);
  assert.equal(begun.length, 1);
});
