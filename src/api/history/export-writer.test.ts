/** The export writer with real sockets. Only the clock is simulated. */
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
  readonly response: ServerResponse;
  readonly writer: ExportWriter;
  readonly stop: AbortController;
  /** How often the writer has called `onEnd`. */
  endCount(): number;
}

/** A clock whose timers fire when the test says so. */
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

/** A client that sends requests and reads nothing, and a response for each request. */
async function wires(t: TestContext, requests: string, clock: ReturnType<typeof handClock>): Promise<Wire[]> {
  const count = requests.split("GET").length - 1;
  const made: Omit<Wire, "client">[] = [];
  const all = Promise.withResolvers<void>();
  const server = createServer((request: IncomingMessage, response) => {
    const stop = new AbortController();
    let ends = 0;
    const onEnd = () => {
      ends += 1;
    };
    const writer = openExportWriter({ response, connection: request.socket, stopped: stop.signal, clock, onEnd });
    response.writeHead(200);
    made.push({ response, writer, stop, endCount: () => ends });
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

/** Send until the connection is full, and return the result of the last send. */
async function fill(writer: ExportWriter): Promise<{ end: Promise<string> }> {
  for (;;) {
    const sent = writer.send(TEXT);
    const first = await Promise.race([sent, aFewTurns()]);
    if (first !== "taken") return { end: sent };
  }
}

/** The system's buffers take what fits within a few turns of the event loop. */
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

test("a client that reads everything gets a complete response", async (t) => {
  const { client, writer, clock, endCount } = await wire(t, REQUEST.replace("host: x", "host: x\r\nconnection: close"));
  const read = readAll(client);
  for (let count = 0; count < 100; count += 1) assert.equal(await writer.send(TEXT), "taken");
  assert.deepEqual([clock.count, endCount()], [0, 0]);
  writer.finish();
  assert.equal(endCount(), 1);
  const text = await read;
  assert.ok(text.endsWith("\r\n0\r\n\r\n"));
  assert.ok(text.length > 100 * TEXT.length);
});

test("a client that stops reading is disconnected, and notices the broken transfer", async (t) => {
  const { client, writer, clock, endCount } = await wire(t);
  const { end } = await fill(writer);
  clock.run();
  assert.equal(await end, "stalled");
  assert.equal(await writer.send(TEXT), "stalled");
  writer.breakOff();
  assert.equal(endCount(), 1);
  client.resume();
  const [error] = (await once(client, "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNRESET");
});

test("a client without chunked encoding also notices a broken transfer", async (t) => {
  const { client, writer, stop } = await wire(t, "GET / HTTP/1.0\r\n\r\n");
  assert.equal(await writer.send(TEXT), "taken");
  stop.abort();
  assert.equal(writer.interruption, "stopped");
  writer.breakOff();
  client.resume();
  const [error] = (await once(client, "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNRESET");
});

test("the writer waits for a client that reads slowly", async (t) => {
  const { client, writer, clock } = await wire(t);
  const { end } = await fill(writer);
  assert.equal(clock.count, 1);
  client.resume();
  assert.equal(await end, "taken");
  assert.equal(clock.count, 0);
});

test("a client that disconnects ends the export immediately, whether or not text is being sent", async (t) => {
  for (const sending of [true, false]) {
    const { client, response, writer, clock, endCount } = await wire(t);
    const end = sending ? (await fill(writer)).end : writer.send(TEXT).then(() => "disconnected");
    client.destroy();
    await once(response, "close");
    assert.equal(await end, "disconnected");
    assert.deepEqual([writer.interruption, endCount(), clock.count], ["disconnected", 1, 0]);
    assert.equal(await writer.send(TEXT), "disconnected");
    writer.breakOff();
  }
});

test("a stopping server does not wait for the client", async (t) => {
  const { writer, stop } = await wire(t);
  const { end } = await fill(writer);
  stop.abort();
  assert.equal(await end, "stopped");
});

test("a pipelined response does not stall while the response before it is being sent", async (t) => {
  const clock = handClock();
  const [first = assert.fail(), second = assert.fail()] = await wires(t, REQUEST + REQUEST, clock);
  const waiting = second.writer.send(TEXT);
  assert.equal(clock.count, 1);
  clock.run();
  clock.run();
  assert.deepEqual([clock.count, second.writer.interruption], [1, null]);
  first.client.resume();
  assert.equal(await first.writer.send(TEXT), "taken");
  first.writer.finish();
  assert.equal(await waiting, "taken");
  first.client.destroy();
  await once(second.response, "close");
  assert.deepEqual([first.endCount(), second.endCount(), second.writer.interruption], [1, 1, "disconnected"]);
});

test("nothing is sent to a client that has already disconnected, or by a server that is stopping", async (t) => {
  const { response, client } = await wire(t);
  const connection = response.socket ?? assert.fail();
  client.destroy();
  await once(connection, "close");
  let ends = 0;
  const onEnd = () => {
    ends += 1;
  };
  const options = { response, connection, clock: handClock(), onEnd };
  const writer = openExportWriter({ ...options, stopped: new AbortController().signal });
  assert.deepEqual([writer.interruption, ends, await writer.send(TEXT)], ["disconnected", 1, "disconnected"]);
  const other = await wire(t);
  const stopped = openExportWriter({
    ...options,
    response: other.response,
    connection: other.response.socket ?? assert.fail(),
    stopped: AbortSignal.abort(),
  });
  assert.equal(await stopped.send(TEXT), "stopped");
});
