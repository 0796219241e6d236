import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageChannel, Worker } from "node:worker_threads";
import { type Batch, Link, type Reply } from "../postgres/link.ts";
import { newProgress } from "../silence/progress.ts";

/** The other end of a link. The first notification comes too early: it is that of the reply before. */
const OTHER_END = `
  const { workerData: { port, signal } } = require("node:worker_threads");
  const counter = new Int32Array(signal);
  port.on("message", ({ statements }) => {
    while (Atomics.notify(counter, 0) === 0);
    port.postMessage(statements.map(() => ({ kind: "ok", result: { rows: [], count: 7, command: "SELECT" } })));
    Atomics.add(counter, 0, 1);
    Atomics.notify(counter, 0);
  });`;

test("an exchange waits for its own reply, although the notification of the one before comes late", async (t) => {
  const { port1, port2 } = new MessageChannel();
  const signal = new SharedArrayBuffer(4);
  const worker = new Worker(OTHER_END, { eval: true, workerData: { port: port1, signal }, transferList: [port1] });
  t.after(() => worker.terminate());
  const link = new Link({ port: port2, signal, progress: newProgress() });
  const batch: Batch = { statements: [{ name: "", text: "SELECT 7", values: [] }], begins: true };
  const reply: Reply = { kind: "ok", result: { rows: [], count: 7, command: "SELECT" } };
  for (let count = 0; count < 3; count += 1) assert.deepEqual(link.exchange(batch), [reply]);
  link.close();
});
