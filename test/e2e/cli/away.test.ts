/** What commands do that wait or follow while the server is away. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { after, type TestContext, test } from "node:test";
import { runCli, startCli } from "../../../packages/cli/test/run-cli.ts";
import { within } from "../../harness/deadline.ts";
import { leaveOpen } from "../../harness/hooks.ts";
import { ask, respond } from "../../harness/pauses.ts";
import { publish, stage } from "../../harness/scene.ts";
import { newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });

async function scene(t: TestContext) {
  const staged = await stage(t, server, { retry_schedule_seconds: [] });
  return { ...staged, env: { SIGNALBOX_URL: server.url, SIGNALBOX_API_KEY: staged.client.apiKey } };
}

/**
 * Another address of the server, until it ends all its connections. They get what was sent before.
 *
 * @param streams `streaming` resolves when so many streams have begun
 */
async function startFront(t: TestContext, { port = 0, streams = 1 } = {}) {
  const { hostname, port: upstreamPort } = new URL(server.url);
  const sockets = new Set<Socket>();
  const streaming = Promise.withResolvers<void>();
  let begun = 0;
  const front = createServer((client) => {
    const upstream = connect(Number(upstreamPort), hostname);
    for (const socket of [client, upstream]) sockets.add(socket.on("error", () => undefined));
    client.pipe(upstream).pipe(client);
    upstream.on("data", (bytes) => {
      if (bytes.includes(": open\n") && ++begun === streams) streaming.resolve();
    });
  });
  front.listen(port, "127.0.0.1");
  await once(front, "listening");
  const close = () => {
    for (const socket of sockets) socket.destroySoon();
    front.close();
  };
  t.after(close);
  const { port: own } = front.address() as AddressInfo;
  return {
    port: own,
    url: `http://127.0.0.1:${own}`,
    streaming: () => within(streaming.promise, `the beginning of ${streams} streams`),
    close,
  };
}

test("pause wait goes on when the server goes away and comes back", async (t) => {
  const tenant = await newTenant(server);
  const front = await startFront(t);
  const { id, token } = await ask(tenant);
  const env = { SIGNALBOX_URL: front.url, SIGNALBOX_API_KEY: tenant.apiKey };
  const waiting = startCli(["pause", "wait", id], { env });
  await waiting.says(/Waiting/);
  front.close();
  await waiting.says(/No response from the server: .* The question stays open; asking again\.\n/);
  await startFront(t, { port: front.port });
  await respond(tenant, token, { choice: "Approve" });
  const { code, stdout, stderr } = await waiting.finished;
  assert.deepEqual([code, stdout], [0, "Approve\n"]);
  assert.match(stderr, /asking again\.\nAnswered through the link\.\n$/);
});

test("trigger --wait goes on when the server goes away and comes back", async (t) => {
  const { env, hooks } = await scene(t);
  hooks.react(leaveOpen);
  const front = await startFront(t);
  const away = { env: { ...env, SIGNALBOX_URL: front.url }, columns: 200 };
  const waiting = startCli(["trigger", "order.paid", "--wait"], away);
  const hook = await hooks.nth(1);
  await waiting.says(/1 delivery of 1 not ended/);
  front.close();
  await waiting.says(/The event evt_\S+ is published; asking for its deliveries again/);
  hook.answer(200);
  await startFront(t, { port: front.port });
  const { code, stdout } = await waiting.finished;
  assert.equal(code, 0);
  assert.match(stdout, /DELIVERED/);
});

test("trigger that loses the response says how to go on without publishing twice", async (t) => {
  const { env } = await scene(t);
  const away = { ...env, SIGNALBOX_URL: "http://127.0.0.1:9" };
  const { code, stderr } = await runCli(["trigger", "order.paid", "--wait"], { env: away });
  assert.equal(code, 9);
  assert.match(stderr, /^signalbox: No response from the server: .* pass --idempotency-key cli-[\w-]+\. \(.*\)\n$/);
});

test("tail misses nothing while the server is away, although it has shown nothing yet", async (t) => {
  const { env, client, hooks, outcomes } = await scene(t);
  const { deliveryId: delivered } = await publish(client, 1);
  await outcomes.until(delivered, "DELIVERED");
  const front = await startFront(t, { streams: 3 });
  const tails = [["--failed"], ["--type", "order.*"], ["--since", "1m", "--json"]].map((words) =>
    startCli(["tail", ...words], { env: { ...env, SIGNALBOX_URL: front.url } }),
  );
  const [, , past] = tails;
  const [, id = ""] = (await past?.says(new RegExp(`"id":"([^"]+)".*${delivered}`))) ?? [];
  await front.streaming();
  front.close();
  hooks.react((hook) => hook.answer(500));
  const { deliveryId: missed } = await publish(client, 2);
  await outcomes.until(missed, "FAILED");
  await startFront(t, { port: front.port });
  for (const tail of tails) {
    await tail.says(new RegExp(missed));
    tail.interrupt();
  }
  const resumed = startCli(["tail", "--after", id, "--quiet"], { env });
  await resumed.says(new RegExp(missed));
  resumed.interrupt();
  assert.equal((await resumed.finished).stdout, `${missed}\n`, "the last line of the past can be resumed after");
});
