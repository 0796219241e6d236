import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { test } from "node:test";
import Fastify from "fastify";
import { INBOUND_REFUSAL_DELAY_MS } from "../../domain/limits.ts";
import { UNREAD_BODY_BYTES_MAX } from "../limits.ts";
import { createHeldBack } from "./held-back.ts";

interface Waiting {
  readonly ms: number;
  readonly task: () => void;
  cancelled: boolean;
}

/** A server that refuses everything, and whose timers the test lets go off. */
function refusing(heldMax?: number) {
  const timers: Waiting[] = [];
  const after = (ms: number, task: () => void) => {
    const timer: Waiting = { ms, task, cancelled: false };
    timers.push(timer);
    return {
      cancel() {
        timer.cancelled = true;
      },
    };
  };
  const heldBack = createHeldBack({ after }, heldMax);
  const app = Fastify();
  let asked = Promise.withResolvers<void>();
  let count = 0;
  const counted = new EventEmitter();
  app.addHook("onRequest", (request, reply, _done) => {
    heldBack.refuse(request, reply);
    asked.resolve();
    count += 1;
    counted.emit("one");
  });
  app.post("/", () => "never");
  return {
    timers,
    app,
    async arrived(requests: number) {
      while (count < requests) await once(counted, "one");
    },
    /** Answers when the request has arrived. */
    async ask(headers: Record<string, string> = {}) {
      asked = Promise.withResolvers();
      const answer = app.inject({ method: "POST", url: "/", headers });
      answer.catch(() => undefined);
      await Promise.race([asked.promise, answer]);
      return { answer };
    },
  };
}

test("a refusal goes out when its time has come, and says how long to wait", async () => {
  const { timers, ask } = refusing();
  const { answer } = await ask();
  assert.deepEqual(
    timers.map(({ ms }) => ms),
    [INBOUND_REFUSAL_DELAY_MS],
  );
  timers[0]?.task();
  const { statusCode, headers, body } = await answer;
  assert.deepEqual([statusCode, headers["retry-after"]], [429, "1"]);
  assert.match(body, /^\{"error":\{"code":"RATE_LIMITED","message":".+","details":\[\]\}\}$/);
});

/** Connect, and send so many requests at once. */
async function sendAtOnce(port: number, count: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n".repeat(count));
  return socket;
}

test("whoever sends on without waiting is hung up on, and so is who comes when as many wait as may", async (t) => {
  const { timers, app, arrived } = refusing(2);
  t.after(() => app.close());
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const pipelining = await sendAtOnce(port, 2);
  await once(pipelining, "close");
  assert.equal(pipelining.bytesRead, 0);
  assert.equal(timers.at(-1)?.cancelled, true);

  const [first, second] = [await sendAtOnce(port, 1), await sendAtOnce(port, 1)];
  await arrived(4);
  const third = await sendAtOnce(port, 1);
  await once(third, "close");
  assert.equal(third.bytesRead, 0);
  for (const timer of timers.filter(({ cancelled }) => !cancelled)) timer.task();
  for (const socket of [first, second]) {
    const [answer] = (await once(socket, "data")) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 429 /);
    socket.destroy();
  }
});

test("the connection is closed only when much of a body would have to be received for nothing", async () => {
  const { timers, ask } = refusing();
  const kept = async (headers: Record<string, string>) => {
    const { answer } = await ask(headers);
    timers.at(-1)?.task();
    return (await answer).headers.connection !== "close";
  };
  assert.equal(await kept({ "content-length": String(UNREAD_BODY_BYTES_MAX) }), true);
  assert.equal(await kept({ "content-length": String(UNREAD_BODY_BYTES_MAX + 1) }), false);
  assert.equal(await kept({ "transfer-encoding": "chunked" }), false);
});
