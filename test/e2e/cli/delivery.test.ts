/** `signalbox trigger`, `tail`, `events`, `deliveries`, `endpoints` and `status` against a server and a receiver. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { after, suite, type TestContext, test } from "node:test";
import { type CliOptions, newCliFolder, runCli, startCli } from "../../../packages/cli/test/run-cli.ts";
import { leaveOpen } from "../../harness/hooks.ts";
import { createEndpoint, patch, publish, readDelivery, stage } from "../../harness/scene.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });

/** A tenant with an endpoint, and a command line that is signed in to it. */
async function scene(t: TestContext, fields: object = {}) {
  const staged = await stage(t, server, { retry_schedule_seconds: [], ...fields });
  const env = { SIGNALBOX_URL: server.url, SIGNALBOX_API_KEY: staged.client.apiKey };
  const cli = (words: readonly string[], options: CliOptions = {}) => runCli(words, { env, ...options });
  /** What a command that must succeed prints as JSON, one value a line. */
  const rows = async (...words: readonly string[]) => {
    const { code, stdout, stderr } = await cli([...words, "--json"]);
    assert.deepEqual([code, stderr], [0, ""], stdout);
    return stdout
      .trimEnd()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  };
  const value = async (...words: readonly string[]) => {
    const { code, stdout, stderr } = await cli([...words, "--json"]);
    assert.deepEqual([code, stderr], [0, ""], stdout);
    return JSON.parse(stdout);
  };
  return { ...staged, cli, rows, value, env };
}

const OUTCOMES: readonly (readonly [status: number, code: number])[] = [
  [200, 0],
  [500, 3],
];

suite("the command line of deliveries", { concurrency: 4 }, () => {
  for (const [status, code] of OUTCOMES) {
    test(`trigger --wait exits with ${code} after a ${status}`, async (t) => {
      const { cli, hooks } = await scene(t);
      hooks.react((hook) => hook.answer(status));
      const finished = await cli(["trigger", "order.paid", "--data", '{"n": 1.0}', "--wait"]);
      assert.equal(finished.code, code);
      assert.match(finished.stdout, status === 200 ? /DELIVERED {3}200 {6}1 {2}order\.paid/ : /FAILED {3}500/);
      assert.match((await hooks.nth(1)).body, /"n": 1\.0/, "byte for byte");
    });
  }

  test("a refusal has the words of the command line, and what lists the right ids; --json has those of the API", async (t) => {
    const { cli: inEnv, endpointId, env } = await scene(t);
    const SIGNALBOX_CONFIG = await newCliFolder(t); // `listen` keeps a secret
    const cli = (words: readonly string[]) => inEnv(words, { env: { ...env, SIGNALBOX_CONFIG } });
    const unknown = "ep_01a22cce-1992-7120-8d03-bd3fd448e838";
    for (const [line, code, message] of [
      [
        "trigger a.b --to nothere",
        2,
        /^--to "nothere" must be the id of an endpoint\. `signalbox endpoints list` shows/,
      ],
      [
        `trigger a.b --to ${endpointId} --to ${unknown}`,
        7,
        /^--to names no endpoint .*: ep_01a2\S+\. `signalbox endpoints list`/,
      ],
      ["trigger a!b", 2, /^TYPE "a!b" must be an event type: /],
      ["trigger a.b --last", 7, /^There is no event of the type "a\.b" yet\. `signalbox events types` shows/],
      ["deliveries get del_1", 7, /^There is no such delivery\. `signalbox deliveries list` shows/],
      ["deliveries list --endpoint x --reason y", 2, /^--endpoint "x" must be the id .*; --reason "y" must be one of/],
      ["deliveries replay x", 2, /^DELIVERY_ID "x" must be the id of a delivery\./],
      ["events retry x --yes", 2, /^EVENT_ID "x" must be the id of an event\./],
      [
        "listen --like x --events a.b --forward-to 1",
        7,
        /^There is no such endpoint\. `signalbox endpoints list` shows/,
      ],
      ["tail --after x", 2, /^--after "x" must be the id of an event of this stream\.\n$/],
      ["endpoints create nonsense", 2, /^URL "nonsense" must be an http/],
      ["pause ask a --option b --option c --timeout 400d", 2, /^--timeout must be/],
      ["pause ask a --option b --option c --approver x", 2, /^--approver "x" must be/],
    ] as const) {
      const { code: exit, stdout, stderr } = await cli(line.split(" "));
      assert.deepEqual([exit, stdout], [code, ""], line);
      assert.match(stderr.replace("signalbox: ", ""), message);
    }
    const { code, stderr } = await cli(["trigger", "a.b", "--to", "nothere", "--json"]);
    assert.equal(code, 2);
    assert.match(JSON.parse(stderr).error.message, /^endpoint_ids\[0\] must be the id of an endpoint/);
  });

  test("input that has no end is refused", async (t) => {
    const { cli } = await scene(t);
    const endless = await cli(["trigger", "a.b", "--data", "@/dev/zero"]);
    assert.deepEqual([endless.code, endless.stderr], [1, "signalbox: /dev/zero is over 64 MB.\n"]);
    const folder = await cli(["trigger", "a.b", "--data", "@/"]);
    assert.deepEqual([folder.code, folder.stdout], [1, ""]);
    assert.match(folder.stderr, /^signalbox: \/ cannot be read: EISDIR/);
  });

  test("trigger reads files and standard input, repeats the last payload, and keeps an idempotency key", async (t) => {
    const { cli, value, hooks, endpointId } = await scene(t);
    const folder = await newCliFolder(t);
    writeFileSync(path.join(folder, "order.json"), '{"from": "file"}');
    for (const [words, input, expected] of [
      [["--data", "@order.json"], "", '{"from": "file"}'],
      [["--data", "-"], '{"from": "input"}', '{"from": "input"}'],
      [["--last"], "", '{"from": "input"}'],
      [[], "", "{}"],
    ] as const) {
      const sent = await cli(["trigger", "order.paid", "--to", endpointId, ...words, "--wait"], { input, folder });
      assert.equal(sent.code, 0, sent.stderr);
      assert.equal(hooks.all.at(-1)?.body, expected);
    }
    const keyed = ["trigger", "order.paid", "--idempotency-key", "k1"];
    assert.equal((await value(...keyed)).event_id, (await value(...keyed)).event_id);
    for (const [words, code, message] of [
      [["--data", "{"], 2, /--data is not valid JSON/],
      [["--data", "[]"], 2, /--data must be a JSON object/],
      [["--data", "@nowhere"], 1, /nowhere cannot be read: ENOENT/],
      [["--data", "{}", "--last"], 2, /not both/],
      [["--timeout", "1s"], 2, /--timeout needs --wait/],
      [["--to", "ep_1"], 2, /must be the id of an endpoint/],
    ] as const) {
      const refused = await cli(["trigger", "order.paid", ...words], { folder });
      assert.deepEqual([refused.code, refused.stdout], [code, ""]);
      assert.match(refused.stderr, message);
    }
    assert.equal((await cli(["trigger", "order.never", "--last"])).code, 7);
  });

  test("trigger says that no endpoint wants the event", async (t) => {
    const { cli } = await scene(t, { event_types: ["invoice.*"] });
    const [published, waited] = [await cli(["trigger", "a.b"]), await cli(["trigger", "a.b", "--wait"])];
    assert.deepEqual([published.code, waited.code], [0, 0]);
    assert.match(published.stdout, /deliveries +0: no endpoint wants it\n/);
    assert.match(waited.stderr, /: no endpoint wants it\.\n$/);
  });

  test("trigger --wait ends with 4 at its timeout", async (t) => {
    const { cli, hooks } = await scene(t);
    hooks.react(leaveOpen);
    const late = await cli(["trigger", "order.paid", "--wait", "--timeout", "0s"]);
    assert.equal(late.code, 4);
    assert.match(late.stdout, /IN_PROGRESS|PENDING/);
    (await hooks.nth(1)).answer(200);
  });

  test("deliveries are listed with the filters of the API, shown, and explained", async (t) => {
    const { cli, rows, value, client, hooks, outcomes, endpointId } = await scene(t);
    hooks.react((hook, count) => hook.answer(count === 1 ? 503 : 200, { "x-a": "b" }, "the \u001b[31m body"));
    const { deliveryId: failed, eventId } = await publish(client, 1);
    await outcomes.until(failed, "FAILED");
    const { deliveryId: delivered } = await publish(client, 2);
    await outcomes.until(delivered, "DELIVERED");
    const ids = async (...words: readonly string[]) =>
      (await rows("deliveries", "list", ...words)).map(({ id }) => id as string);
    assert.deepEqual(await ids(), [delivered, failed]);
    assert.deepEqual(await ids("--sort", "created_at"), [failed, delivered]);
    assert.deepEqual(await ids("--limit", "1"), [delivered]);
    for (const filter of [
      ["--status", "failed,expired"],
      ["--http-status", "5xx"],
      ["--event", eventId],
      ["--reason", "attempts_exhausted"],
      ["--status", "FAILED", "--endpoint", endpointId, "--type", "order.*", "--from", "1h", "--attempts-min", "1"],
    ]) {
      assert.deepEqual(await ids(...filter), [failed], filter.join(" "));
    }
    assert.deepEqual(await ids("--to", "1h"), []);
    assert.equal((await cli(["deliveries", "list", "--quiet", "--all"])).stdout, `${delivered}\n${failed}\n`);
    assert.equal((await cli(["deliveries", "list", "--status", "HELD"])).stderr, "No deliveries match.\n");

    const shown = await cli(["deliveries", "get", failed]);
    assert.match(
      shown.stdout,
      /^delivery {6}del_.*\nstatus {8}FAILED\n[\s\S]*\nTRY +STARTED +MS +HTTP[\s\S]*\n {2}1 .* 503 {2}http/,
    );
    const exchange = await cli(["deliveries", "get", failed, "--attempt", "1"]);
    assert.match(
      exchange.stdout,
      /\nPOST http[\s\S]*webhook-id: evt_[\s\S]*\n\{"n":1\}\n\nHTTP 503\n[\s\S]*x-a: b[\s\S]*the .*\[31m body/,
    );
    assert.equal((await value("deliveries", "get", failed, "--attempt", "1")).response.http_status, 503);
    const why = await cli(["deliveries", "why", failed]);
    assert.match(why.stdout, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}\S.*\n/);
    assert.ok((await rows("deliveries", "why", failed)).every(({ rule }) => typeof rule === "string"));
    const missing = await cli(["deliveries", "get", failed.replace(/....$/, "0000"), "--json"]);
    assert.deepEqual([missing.code, JSON.parse(missing.stderr).error.code], [7, "DELIVERY_NOT_FOUND"]);
  });

  test("single deliveries are retried, replayed and cancelled, and the state can forbid it", async (t) => {
    const { cli, value, client, hooks, outcomes, endpointId } = await scene(t);
    hooks.react((hook, count) => hook.answer(count === 1 ? 500 : 200));
    const { deliveryId } = await publish(client, 1);
    await outcomes.until(deliveryId, "FAILED");
    assert.equal((await cli(["deliveries", "retry", deliveryId])).code, 0);
    await outcomes.until(deliveryId, "DELIVERED");
    const again = await cli(["deliveries", "retry", deliveryId]);
    assert.deepEqual([again.code, again.stdout], [8, ""]);
    assert.equal((await value("deliveries", "replay", deliveryId)).created_deliveries, 1);
    await patch(client, endpointId, { status: "PAUSED" });
    const held = [(await publish(client, 2)).deliveryId, (await publish(client, 3)).deliveryId];
    const cancelled = await cli(["deliveries", "cancel", ...held, deliveryId]);
    assert.equal(cancelled.code, 8);
    assert.equal(cancelled.stdout, held.map((id) => `${id}  CANCELLED\n`).join(""));
    assert.match(cancelled.stderr, new RegExp(`^signalbox: ${deliveryId}: `));
  });

  test("many deliveries are changed by filters, after a question", async (t) => {
    const { cli, value, client, hooks, outcomes } = await scene(t);
    hooks.react((hook) => hook.answer(500));
    for (const n of [1, 2, 3]) await outcomes.until((await publish(client, n)).deliveryId, "FAILED");
    hooks.react((hook) => hook.answer(200));
    const retry = ["deliveries", "retry", "--status", "FAILED"];
    assert.equal((await value(...retry, "--dry-run")).total, 3);
    const unasked = await cli(retry);
    assert.deepEqual([unasked.code, unasked.stdout], [2, ""]);
    assert.match(unasked.stderr, /Retry 3 deliveries\? There is no terminal to answer on: pass --yes/);
    const no = await cli(retry, { columns: 80, input: "n\n" });
    assert.deepEqual([no.code, no.stdout], [5, ""]);
    const yes = await cli(retry, { columns: 80, input: "y\n" });
    assert.match(yes.stderr, /Retry 3 deliveries\? \[y\/N\] /);
    assert.equal(yes.code, 0);
    const watched = await cli(["deliveries", "replay", "--type", "order.paid", "--yes", "--watch"]);
    assert.match(watched.stdout, /kind +bulk_replay\nstate +done\ndone +3 of 3\nfailed +0\n/);
    for (const [words, message] of [
      [[], /pass ids, or filters such as --status FAILED, or --all/],
      [["del_1", "--status", "FAILED"], /ids or filters, not both/],
      [["del_1", "--dry-run"], /--dry-run needs filters/],
      [["--status", "FAILD"], /--status must be one of PENDING/],
    ] as const) {
      const refused = await cli(["deliveries", "retry", ...words]);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, message);
    }
    assert.equal(
      (await cli(["deliveries", "cancel", "--status", "EXPIRED", "--yes"])).stderr,
      "There is nothing to cancel.\n",
    );
  });

  test("events are listed, shown, explained and replayed", async (t) => {
    const { cli, rows, value, client, outcomes, endpointId } = await scene(t, { event_types: ["order.*"] });
    const { eventId, deliveryId } = await publish(client, 1);
    await outcomes.until(deliveryId, "DELIVERED");
    const other = await publish(client, 2, { type: "other.thing" });
    const ids = async (...words: readonly string[]) => (await rows("events", "list", ...words)).map(({ id }) => id);
    assert.deepEqual(await ids(), [other.eventId, eventId]);
    assert.deepEqual(await ids("--undelivered"), [other.eventId]);
    assert.deepEqual(await ids("--type", "order.*", "--contains", '"n":1'), [eventId]);
    assert.equal((await cli(["events", "get", eventId, "--payload"])).stdout, '{"n":1}');
    const shown = await cli(["events", "get", other.eventId]);
    assert.match(shown.stdout, /"n": 2\n\}\n\nnot to .*: the type matches none of its filters\n$/);
    assert.match((await cli(["events", "why", other.eventId, "--endpoint", endpointId])).stdout, /other\.thing/);
    assert.deepEqual(
      (await rows("events", "types")).map(({ name }) => name),
      ["order.paid", "other.thing"],
    );
    assert.equal((await value("events", "replay", eventId, "--dry-run")).total, 1);
    const replayed = await cli(["events", "replay", eventId, "--yes", "--watch"]);
    assert.match(replayed.stdout, /done +1 of 1/);
  });

  test("endpoints are created, changed, tested and deleted", async (t) => {
    const { cli, rows, value, hooks } = await scene(t);
    const settings = ["--name", "shop", "--type", "order.*", "--type", "a.b", "--format", "standard"];
    const more = ["--header", "X-A: b", "--timeout", "5s", "--retry-schedule", "5s,1m", "--ordered", "yes"];
    const made = await value("endpoints", "create", hooks.url, ...settings, ...more, "--rate-limit", "9");
    assert.match(made.secret, /^whsec_/);
    assert.deepEqual(
      [made.event_types, made.headers_json, made.timeout_seconds, made.retry_schedule_seconds, made.ordered],
      [["order.*", "a.b"], { "X-A": "b" }, 5, [5, 60], true],
    );
    const changed = await value("endpoints", "set", made.id, "--rate-limit", "none", "--type", "all");
    assert.deepEqual([changed.rate_limit_per_second, changed.event_types], [null, null]);
    assert.deepEqual(
      (await rows("endpoints", "list", "--search", "shop")).map(({ id }) => id),
      [made.id],
    );
    assert.match(
      (await cli(["endpoints", "get", made.id])).stdout,
      /^endpoint {8}ep_[\s\S]*retries after {3}5 s, 60 s\n/,
    );

    hooks.react((hook, count) => hook.answer(count === 1 ? 200 : 404, {}, "thanks"));
    const tested = await cli(["endpoints", "test", made.id, "--type", "order.test", "--data", '{"x":1}']);
    assert.equal(tested.code, 0, tested.stderr);
    assert.match(tested.stdout, /^result .*\nstatus {4}200\n[\s\S]*\nthanks\n$/);
    assert.match((await hooks.nth(1)).body, /"x":1/);
    assert.equal((await cli(["endpoints", "test", made.id])).code, 3);

    assert.equal((await cli(["endpoints", "rotate", made.id])).code, 2);
    const own = ["endpoints", "rotate", made.id, "--secret-stdin", "--overlap", "0", "--yes", "--json"];
    const rotated = await cli(own, { input: "a secret of mine, long enough\n" });
    assert.deepEqual([rotated.code, JSON.parse(rotated.stdout).secret], [0, undefined]);
    assert.match((await value("endpoints", "rotate", made.id, "--yes")).secret, /^whsec_/);
    for (const words of [
      ["set", made.id],
      ["set", made.id, "--header", "nothing"],
      ["set", made.id, "--retry-schedule", "soon"],
      ["set", made.id, "--max-in-flight", "many"],
      ["delete", made.id],
    ]) {
      assert.equal((await cli(["endpoints", ...words])).code, 2, words.join(" "));
    }
    const faulty = await cli(["endpoints", "set", made.id, "--max-in-flight", "0", "--json"]);
    assert.equal(faulty.code, 2);
    assert.equal(JSON.parse(faulty.stderr).error.details[0].field, "max_in_flight");
    assert.equal((await cli(["endpoints", "delete", made.id, "--yes", "--quiet"])).stdout, `${made.id}\n`);
    assert.equal((await cli(["endpoints", "get", made.id])).code, 7);
  });

  test("a paused endpoint tells what it holds, and its backlog drains before one's eyes", async (t) => {
    const { cli, client, endpointId, hooks } = await scene(t);
    await patch(client, endpointId, { status: "PAUSED" });
    for (const n of [1, 2, 3]) await publish(client, n);
    const paused = await cli(["endpoints", "pause", endpointId]);
    assert.match(paused.stdout, /^ep_\S+ {2}\S+ is paused: 3 deliveries held, the oldest from \d{4}-.*Z\n$/);
    const resumed = await cli(["endpoints", "resume", endpointId, "--watch"]);
    assert.match(resumed.stdout, /is active: nothing waits\n$/);
    assert.equal(hooks.all.length, 3);
    const recovered = await cli(["endpoints", "recover", endpointId, "--since", "1h", "--watch"]);
    assert.deepEqual([recovered.code, recovered.stderr], [0, ""]);
  });

  test("status shows what waits, also to a key that may not see the server", async (t) => {
    const { cli, value, client } = await scene(t);
    await createEndpoint(client, { url: "http://127.0.0.1:9/", event_types: ["none"] });
    const shown = await value("status");
    assert.deepEqual([shown.ready, shown.endpoints.total, shown.backlog.held], [true, 2, 0]);
    const made = await client.request("POST", "/v1/auth/keys", { body: { name: "x", role: "viewer" } });
    const env = { SIGNALBOX_URL: server.url, SIGNALBOX_API_KEY: made.body.api_key };
    const viewer = await cli(["status"], { env });
    assert.equal(viewer.code, 0, viewer.stderr);
    assert.match(viewer.stdout, /\nversion {9}-\nendpoints {7}2 endpoints\n {2}healthy {7}2\n/);
    const forbidden = await cli(["trigger", "order.paid"], { env });
    assert.equal(forbidden.code, 6);
  });

  test("open prints the page of anything", async (t) => {
    const { cli, endpointId } = await scene(t);
    assert.equal((await cli(["open", endpointId])).stdout, `${server.url}/console/go/${endpointId}\n`);
    assert.equal((await cli(["open"])).stdout, `${server.url}/console/\n`);
    assert.equal((await cli(["open", "../x"])).code, 2);
  });

  test("tail shows what was, what is, and resumes after a line", async (t) => {
    const { env, client, hooks, outcomes } = await scene(t);
    const before = await publish(client, 1);
    await outcomes.until(before.deliveryId, "DELIVERED");
    const tail = startCli(["tail", "--since", "10m", "--type", "order.*", "--json"], { env });
    await tail.says(new RegExp(before.deliveryId));
    hooks.react((hook) => hook.answer(500));
    const failed = await publish(client, 2);
    const [, id = ""] = await tail.says(
      new RegExp(`"id":"([^"]+)","type":"delivery","data":\\{"id":"${failed.deliveryId}"`),
    );
    await publish(client, 3, { type: "other.thing" });
    const last = await publish(client, 4);
    await tail.says(new RegExp(last.deliveryId));
    tail.interrupt();
    const { stdout } = await tail.finished;
    assert.equal(stdout.trimEnd().split("\n").length, 3, "neither twice nor of another type");

    const resumed = startCli(["tail", "--after", id, "--failed"], { env });
    await resumed.says(new RegExp(`\\d\\d:\\d\\d:\\d\\dZ {2}FAILED +500 {2}order\\.paid .*${last.deliveryId}`));
    resumed.interrupt();
    assert.doesNotMatch((await resumed.finished).stdout, new RegExp(failed.deliveryId));
    assert.equal((await readDelivery(client, last.deliveryId)).status, "FAILED");
  });

  test("tail follows questions", async (t) => {
    const { env, client } = await scene(t);
    const tail = startCli(["tail", "--pauses"], { env });
    // The stream has no past for questions, so ask until it is open.
    let answer = "";
    const seen = tail.says(/psr_\S+ {2}pending/).then(([line]) => {
      answer = line;
    });
    while (answer === "") {
      await client.request("POST", "/v1/pause", { body: { message: "Deploy?", options: ["Yes", "No"] } });
      await Promise.race([seen, client.request("GET", "/v1/pause?limit=1")]);
    }
    tail.interrupt();
    await tail.finished;
  });
});
