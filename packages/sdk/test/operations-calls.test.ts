/** Files, probes, and calls that must not happen twice. */
import assert from "node:assert/strict";
import { it, type TestContext } from "node:test";
import { Signalbox, SignalboxError } from "../src/index.ts";
import { type Answering, hangUp, json, serve } from "./server.ts";

async function connect(test: TestContext, ...answers: Answering[]) {
  const { url, seen } = await serve(test, ...answers);
  const waits: number[] = [];
  const wait = async (ms: number) => void waits.push(ms);
  return { client: new Signalbox({ url, apiKey: `sb_test_${"0".repeat(48)}`, wait }), seen, waits };
}

const isLost = (error: unknown) =>
  error instanceof SignalboxError && error.status === 0 && error.code === "NETWORK_ERROR";

it("reads an export in pieces, after it has waited for its turn", async (test) => {
  const refusal = { error: { code: "TOO_MANY_EXPORTS", message: "Wait." } };
  const { client, seen, waits } = await connect(test, json(429, refusal, { "retry-after": "7" }), (_, response) => {
    response.writeHead(200, { "content-type": "text/csv" });
    response.write("\ufeffa,b\r\n");
    response.end("1,2\r\n");
  });
  const pieces: Uint8Array[] = [];
  for await (const piece of client.deliveries.export({ status: "FAILED" }, { format: "csv" })) pieces.push(piece);
  assert.equal(Buffer.concat(pieces).toString(), "\ufeffa,b\r\n1,2\r\n");
  assert.deepEqual(waits, [7000]);
  assert.equal(seen[1]?.url, "/dashboard/webhooks/deliveries/export?state=FAILED&format=csv");
});

it("an export that breaks off is an error after its pieces, and is not repeated", async (test) => {
  const { client, seen } = await connect(test, (_, response) => {
    response.writeHead(200, { "content-type": "text/csv" });
    response.write("1,2\r\n", () => response.destroy());
  });
  const pieces: Uint8Array[] = [];
  await assert.rejects(async () => {
    for await (const piece of client.deliveries.export()) pieces.push(piece);
  }, isLost);
  assert.equal(Buffer.concat(pieces).toString(), "1,2\r\n");
  assert.equal(seen.length, 1);
});

it("an export that its caller leaves or aborts ends its connection", async (test) => {
  const ended: Promise<void>[] = [];
  const endless: Answering = (_, response) => {
    ended.push(new Promise((resolve) => response.on("close", resolve)));
    response.writeHead(200);
    response.write("1,2\r\n");
  };
  const { client } = await connect(test, endless);
  for await (const _ of client.deliveries.export()) break;
  const leaving = new AbortController();
  const reason = new Error("enough");
  await assert.rejects(async () => {
    for await (const _ of client.deliveries.export({}, { signal: leaving.signal })) leaving.abort(reason);
  }, reason);
  await Promise.all(ended);
  assert.equal(ended.length, 2);
});

it("a server that is not ready is a result with a reason, and whatever else fails is an error", async (test) => {
  const { client, waits } = await connect(
    test,
    json(200, { status: "ready" }),
    json(503, { status: "not_ready", reason: "The disk is full." }, { "retry-after": "5" }),
    json(503, { error: { code: "OVERLOADED", message: "Too many requests." } }),
    json(404, {}),
  );
  assert.deepEqual(await client.status.checkReadiness(), { ready: true, reason: null });
  assert.deepEqual(await client.status.checkReadiness(), { ready: false, reason: "The disk is full." });
  assert.deepEqual(await client.status.checkReadiness(), { ready: false, reason: "Too many requests." });
  await assert.rejects(client.status.checkReadiness(), SignalboxError);
  assert.deepEqual(waits, []);
});

it("a question that publishes nothing is asked again after a network error, and an action is not", async (test) => {
  const { client, seen } = await connect(test, hangUp);
  const repeated: readonly (() => Promise<unknown>)[] = [
    () => client.sources.try("src_1", {}),
    () => client.deliveries.countBulk({ action: "replay", filter: {} }),
    () => client.replays.create({ delivery_ids: ["del_1"], dry_run: true }),
    () => client.pauseStatus.note("wh_1", "n"),
    () => client.answerPauseLink("t", { choice: "Yes" }),
  ];
  const once: readonly (() => Promise<unknown>)[] = [
    () => client.sources.reprocess("src_1"),
    () => client.deliveries.bulk({ action: "replay", filter: {} }),
    () => client.deliveries.retry("del_1"),
    () => client.replays.create({ delivery_ids: ["del_1"] }),
    () => client.pauseStatus.reprocess("wh_1"),
    () => client.inboundEvents.reprocess("src_1", "wh_1"),
    () => client.keys.rotate(),
    () => client.endpoints.test("ep_1"),
  ];
  for (const [calls, times] of [
    [repeated, 4],
    [once, 1],
  ] as const) {
    for (const call of calls) {
      seen.length = 0;
      await assert.rejects(call(), isLost);
      assert.equal(seen.length, times, String(call));
    }
  }
});

it("a list that grows while it is read has no row twice", async (test) => {
  const page = (ids: readonly string[]) => json(200, { data: ids.map((id) => ({ id })), pagination: { limit: 2 } });
  const { client } = await connect(test, page(["wh_3", "wh_2"]), page(["wh_2", "wh_1"]), page(["wh_0"]));
  const ids: string[] = [];
  for await (const { id } of client.inboundEvents.iterate()) ids.push(id);
  assert.deepEqual(ids, ["wh_3", "wh_2", "wh_1", "wh_0"]);
});
