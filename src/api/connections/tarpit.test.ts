import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import Fastify, { type FastifyInstance } from "fastify";
import { INBOUND_REFUSAL_DELAY_MS } from "../../domain/limits.ts";
import { UNREAD_BODY_BYTES_MAX } from "../http/limits.ts";
import { oneAtATime } from "./pipelining.ts";
import { Tarpit } from "./tarpit.ts";

interface Waiting {
  readonly ms: number;
  readonly task: () => void;
  readonly cancelled: PromiseWithResolvers<void>;
}

/** A server that refuses everything. The test fires its timers. */
function refusing(delayedMax?: number) {
  const timers: Waiting[] = [];
  const after = (ms: number, task: () => void) => {
    const timer: Waiting = { ms, task, cancelled: Promise.withResolvers() };
    timers.push(timer);
    return { cancel: () => timer.cancelled.resolve() };
  };
  const tarpit = new Tarpit({ after }, delayedMax);
  const app = Fastify({ serverFactory: (handle) => createServer(oneAtATime(handle, { refuse: () => assert.fail() })) });
  let arrivedCount = 0;
  const counted = new EventEmitter();
  app.addHook("onRequest", (request, reply, _done) => {
    arrivedCount += 1;
    tarpit.refuse(request, reply);
    counted.emit("one");
  });
  app.post("/", () => "never");
  const arrived = async (requests: number): Promise<void> => {
    while (arrivedCount < requests) await once(counted, "one");
  };
  return {
    timers,
    app,
    arrived,
    /** Resolves once the request has arrived. */
    async ask(headers: Record<string, string> = {}) {
      const arriving = arrived(arrivedCount + 1);
      const response = app.inject({ method: "POST", url: "/", headers });
      response.catch(() => undefined);
      await Promise.race([arriving, response]);
      return { response };
    },
  };
}

test("a refusal is sent after the delay, with Retry-After", async () => {
  const { timers, ask } = refusing();
  const { response } = await ask();
  assert.deepEqual(
    timers.map(({ ms }) => ms),
    [INBOUND_REFUSAL_DELAY_MS],
  );
  timers[0]?.task();
  const { statusCode, headers, body } = await response;
  assert.deepEqual([statusCode, headers["retry-after"]], [429, "1"]);
  assert.match(body, /^\{"error":\{"code":"RATE_LIMITED","message":".+","details":\[\]\}\}$/);
});

/** Connect, and send several requests at once. */
function sendAtOnce(port: number, count: number): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n".repeat(count));
  return socket;
}

async function portOf(app: FastifyInstance): Promise<number> {
  await app.listen({ host: "127.0.0.1", port: 0 });
  return (app.server.address() as AddressInfo).port;
}

test("a sender that pipelines requests gets one delayed response, and the connection is closed", async (t) => {
  const { timers, app, arrived } = refusing();
  t.after(() => app.close());
  const socket = sendAtOnce(await portOf(app), 5);
  await arrived(1);
  assert.equal(timers.length, 1);
  timers[0]?.task();
  const responses = await text(socket);
  assert.match(responses, /^HTTP\/1\.1 429 /);
  assert.match(responses, /\r\nconnection: close\r\n/i);
  assert.equal(responses.split("HTTP/1.1").length, 2);
  assert.equal(timers.length, 1);
});

test("beyond the limit of delayed responses, connections are closed immediately", async (t) => {
  const { timers, app, arrived } = refusing(2);
  t.after(() => app.close());
  const port = await portOf(app);
  const waiting = [sendAtOnce(port, 1), sendAtOnce(port, 1)];
  await arrived(2);
  const third = sendAtOnce(port, 1);
  await once(third, "close");
  assert.equal(third.bytesRead, 0);
  for (const { task } of timers) task();
  for (const socket of waiting) {
    const [data] = (await once(socket, "data")) as [Buffer];
    assert.match(data.toString(), /^HTTP\/1\.1 429 /);
    socket.destroy();
  }
});

test("a sender that disconnects frees its place", async (t) => {
  const { timers, app, arrived } = refusing(1);
  t.after(() => app.close());
  const port = await portOf(app);
  const leaving = sendAtOnce(port, 1);
  await arrived(1);
  leaving.destroy();
  await timers[0]?.cancelled.promise;
  const next = sendAtOnce(port, 1);
  await arrived(2);
  timers[1]?.task();
  const [data] = (await once(next, "data")) as [Buffer];
  assert.match(data.toString(), /^HTTP\/1\.1 429 /);
  next.destroy();
});

test("the connection is closed, and not read, only if a large body is unread", async (t) => {
  const { timers, app, arrived } = refusing();
  t.after(() => app.close());
  const port = await portOf(app);
  let sent = 0;
  const isKept = async (header: string) => {
    const accepted = once(app.server, "connection");
    const socket = connect(port, "127.0.0.1");
    socket.write(`POST / HTTP/1.1\r\nhost: a\r\n${header}\r\n\r\n`);
    sent += 1;
    await arrived(sent);
    const [serverSide] = (await accepted) as [Socket];
    const isRead = !serverSide.isPaused();
    timers.at(-1)?.task();
    const [data] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    assert.equal(!/\r\nconnection: close\r\n/i.test(data.toString()), isRead, header);
    return isRead;
  };
  assert.equal(await isKept(`content-length: ${UNREAD_BODY_BYTES_MAX}`), true);
  assert.equal(await isKept(`content-length: ${UNREAD_BODY_BYTES_MAX + 1}`), false);
  assert.equal(await isKept("transfer-encoding: chunked"), false);
});
