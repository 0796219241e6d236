/** An export's wire against real sockets; only the clock is the test's own. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { EXPORT_STALL_MS_MAX } from "../../domain/limits.ts";
import { type ExportWriter, openExportWriter } from "./export-writer.ts";

const TEXT = "x".repeat(64 * 1024);
const REQUEST = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

interface Wire {
  readonly client: Socket;
  readonly answer: ServerResponse;
  readonly outlet: ExportWriter;
  readonly stop: AbortController;
  /** How often the outlet has said that it is over. */
  overCount(): number;
}

/** Timers that run when the test says so. */
function handClock() {
  const tasks = new Set<() => void>();
  return {
    after(ms: number, task: () => void) {
      assert.equal(ms, EXPORT_STALL_MS_MAX);
      tasks.add(task);
      return { cancel: () => void tasks.delete(task) };
    },
    get count() {
      return tasks.size;
    },
    run() {
      const due = [...tasks];
      tasks.clear();
      for (const task of due) task();
    },
  };
}

/** A client that has asked and reads nothing, and as many answers as it asked for. */
async function wires(t: TestContext, requests: string, clock: ReturnType<typeof handClock>): Promise<Wire[]> {
  const count = requests.split("GET").length - 1;
  const made: Omit<Wire, "client">[] = [];
  const all = Promise.withResolvers<void>();
  const server = createServer((request: IncomingMessage, answer) => {
    const stop = new AbortController();
    let over = 0;
    const onOver = () => {
      over += 1;
    };
    const outlet = openExportWriter({ answer, connection: request.socket, stopped: stop.signal, clock, onOver });
    answer.writeHead(200);
    made.push({ answer, outlet, stop, overCount: () => over });
    if (made.length === count) all.resolve();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  t.after(() => {
    client.destroy();
    server.close();
    server.closeAllConnections();
  });
  client.pause();
  client.write(requests);
  await all.promise;
  return made.map((wire) => ({ ...wire, client }));
}

async function wire(t: TestContext, request = REQUEST): Promise<Wire & { clock: ReturnType<typeof handClock> }> {
  const clock = handClock();
  const [only = assert.fail()] = await wires(t, request, clock);
  return { ...only, clock };
}

/** Send until the connection takes no more; what becomes of that text. */
async function fill(outlet: ExportWriter): Promise<{ end: Promise<string> }> {
  for (;;) {
    const sent = outlet.send(TEXT);
    const first = await Promise.race([sent, aFewTurns()]);
    if (first !== "taken") return { end: sent };
  }
}

/** What the machine's own buffers take is taken at once. */
async function aFewTurns(): Promise<"blocked"> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return "blocked";
}

async function readAll(client: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  client.on("data", (chunk: Buffer) => chunks.push(chunk));
  client.resume();
  await once(client, "end");
  return Buffer.concat(chunks).toString();
}

test("what the client takes is taken, and the answer ends whole", async (t) => {
  const { client, outlet, clock, overCount } = await wire(
    t,
    REQUEST.replace("host: x", "host: x\r\nconnection: close"),
  );
  const read = readAll(client);
  for (let count = 0; count < 100; count += 1) assert.equal(await outlet.send(TEXT), "taken");
  assert.deepEqual([clock.count, overCount()], [0, 0]);
  outlet.finish();
  assert.equal(overCount(), 1);
  const text = await read;
  assert.ok(text.endsWith("\r\n0\r\n\r\n"));
  assert.ok(text.length > 100 * TEXT.length);
});

test("a client that takes nothing is cut off, and sees that the transfer broke", async (t) => {
  const { client, outlet, clock, overCount } = await wire(t);
  const { end } = await fill(outlet);
  clock.run();
  assert.equal(await end, "stalled");
  assert.equal(await outlet.send(TEXT), "stalled");
  outlet.breakOff();
  assert.equal(overCount(), 1);
  client.resume();
  const [error] = (await once(client, "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNRESET");
});

test("to a client without chunks a broken transfer does not look like a whole one, either", async (t) => {
  const { client, outlet, stop } = await wire(t, "GET / HTTP/1.0\r\n\r\n");
  assert.equal(await outlet.send(TEXT), "taken");
  stop.abort();
  assert.equal(outlet.over, "stopped");
  outlet.breakOff();
  client.resume();
  const [error] = (await once(client, "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNRESET");
});

test("a client that takes something now and then is waited for", async (t) => {
  const { client, outlet, clock } = await wire(t);
  const { end } = await fill(outlet);
  assert.equal(clock.count, 1);
  client.resume();
  assert.equal(await end, "taken");
  assert.equal(clock.count, 0);
});

test("a client that leaves ends it at once, whether something is being sent or not", async (t) => {
  for (const sending of [true, false]) {
    const { client, answer, outlet, clock, overCount } = await wire(t);
    const end = sending ? (await fill(outlet)).end : outlet.send(TEXT).then(() => "left");
    client.destroy();
    await once(answer, "close");
    assert.equal(await end, "left");
    assert.deepEqual([outlet.over, overCount(), clock.count], ["left", 1, 0]);
    assert.equal(await outlet.send(TEXT), "left");
    outlet.breakOff();
  }
});

test("a stopping server waits for nobody", async (t) => {
  const { outlet, stop } = await wire(t);
  const { end } = await fill(outlet);
  stop.abort();
  assert.equal(await end, "stopped");
});

test("an answer behind another one on its connection is not cut off while that one is under way", async (t) => {
  const clock = handClock();
  const [first = assert.fail(), second = assert.fail()] = await wires(t, REQUEST + REQUEST, clock);
  const waiting = second.outlet.send(TEXT);
  assert.equal(clock.count, 1);
  clock.run();
  clock.run();
  assert.deepEqual([clock.count, second.outlet.over], [1, null]);
  first.client.resume();
  assert.equal(await first.outlet.send(TEXT), "taken");
  first.outlet.finish();
  assert.equal(await waiting, "taken");
  first.client.destroy();
  await once(second.answer, "close");
  assert.deepEqual([first.overCount(), second.overCount(), second.outlet.over], [1, 1, "left"]);
});

test("nothing is sent to a client that left before, nor by a server that stops", async (t) => {
  const { answer, client } = await wire(t);
  const connection = answer.socket ?? assert.fail();
  client.destroy();
  await once(connection, "close");
  let over = 0;
  const onOver = () => {
    over += 1;
  };
  const options = { answer, connection, clock: handClock(), onOver };
  const outlet = openExportWriter({ ...options, stopped: new AbortController().signal });
  assert.deepEqual([outlet.over, over, await outlet.send(TEXT)], ["left", 1, "left"]);
  const other = await wire(t);
  const stopped = openExportWriter({
    ...options,
    answer: other.answer,
    connection: other.answer.socket ?? assert.fail(),
    stopped: AbortSignal.abort(),
  });
  assert.equal(await stopped.send(TEXT), "stopped");
});
