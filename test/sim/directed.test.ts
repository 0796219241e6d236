/** Specific situations that the random simulation produces too rarely, in virtual time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSettings } from "../../src/domain/endpoints/endpoint.ts";
import type { Uuid } from "../../src/domain/ids.ts";
import type { Caller } from "../../src/engine/access/caller.ts";
import type { RunningEngine } from "../../src/engine/engine.ts";
import { settingsOf, USERNAME } from "./inbound/inbound-senders.ts";
import type { World } from "./machine.ts";
import { callerOf } from "./model.ts";
import { type Mode, siteUrl } from "./network.ts";
import { createWorld } from "./world.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const SITE = 1;
const PAIRS_COUNT = 40;
const APART_MS_MAX = 20;

interface Stage {
  readonly world: World;
  readonly caller: Caller;
  readonly endpointId: Uuid;
  run(ms: number): Promise<void>;
  /** Sends a request to the engine and runs until the answer. */
  ask<T>(question: (engine: RunningEngine) => Promise<T>): Promise<T>;
  publish(): Promise<void>;
  /** The first column of the only row. */
  value(sql: string): unknown;
}

async function stage(mode: Mode, settings: Partial<EndpointSettings> = {}): Promise<Stage> {
  const world = createWorld(1);
  const { timeline, network, disk } = world;
  network.setMode(SITE, mode);
  const run = (ms: number) => timeline.runUntil(timeline.nowMs + ms);
  async function settled<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const mark = () => {
      isSettled = true;
    };
    promise.then(mark, mark);
    for (let steps = 0; !isSettled && steps < 600; steps += 1) await run(SECOND / 10);
    assert.ok(isSettled, "there is no answer within a minute");
    return promise;
  }
  const ask: Stage["ask"] = async (question) => {
    const answer = await settled(world.ask(question));
    if (answer.kind !== "ok") throw new Error(`the answer is ${answer.kind}`);
    return answer.value;
  };
  await settled(world.start());
  const nobody = "00000000-0000-7000-8000-000000000000" as Uuid;
  const { tenant } = await ask((engine) => engine.access.createTenant(callerOf(0, nobody), "Tenant"));
  const caller = callerOf(tenant.seq, tenant.id);
  const all = {
    createdThrough: "endpoints",
    settings: { name: null, url: siteUrl(SITE, 1), ...settings },
    secret: null,
  } as const;
  const made = await ask((engine) => engine.endpoints.create(caller, all));
  if (made.kind !== "created") throw new Error(made.kind);
  return {
    world,
    caller,
    endpointId: made.endpoint.id,
    run,
    ask,
    async publish() {
      const event = { type: "a", payload: "{}", endpointIds: null, idempotencyKey: null, trace: null };
      const answer = await ask((engine) => engine.publish(caller, event));
      assert.equal(answer.kind, "accepted");
    },
    value: (sql) => Object.values(disk.prepare(sql).get() ?? {})[0],
  };
}

test("a new process finds a delivery that is due in several minutes, although its timers wait at most a minute", async () => {
  const { world, run, publish } = await stage("failing", { retryScheduleSeconds: [300] });
  await publish();
  await run(10 * SECOND);
  void world.stop(world.process);
  await run(10 * SECOND);
  assert.equal(world.process, null);
  world.network.setMode(SITE, "healthy");
  void world.start();
  // The schedule's longest wait, including jitter.
  await run(360 * SECOND + MINUTE);
  assert.deepEqual(
    world.network.sent.map(({ process, httpStatus }) => [process, httpStatus === 200]),
    [
      [1, false],
      [2, true],
    ],
  );
  assert.deepEqual(world.faults, []);
});

test("a lane that could not be disowned during a store outage is disowned after it", async () => {
  const { world, run, publish, value } = await stage("healthy", { ordered: true });
  await publish();
  await run(SECOND / 2);
  assert.equal(value("SELECT state FROM deliveries"), 3, "the delivery is not delivered yet");
  const owner = () => value("SELECT owner FROM lanes");
  assert.notEqual(owner(), null);
  world.disk.state = "refusing";
  await run(20 * SECOND);
  assert.equal(world.process?.engine?.status.gauges().lanes, 0, "the lane is still open");
  assert.notEqual(owner(), null);
  world.disk.state = "healthy";
  await run(20 * SECOND);
  assert.equal(owner(), null);
});

test("a stop during a store outage ends within its grace period, and unsettled deliveries are sent again", async () => {
  const { world, run, publish, value } = await stage("slow");
  await publish();
  world.disk.state = "refusing";
  await run(5 * SECOND);
  assert.equal(world.network.sent[0]?.heard?.kind, "answered");
  void world.stop(world.process);
  await run(12 * SECOND);
  assert.equal(world.process, null, "the process has not stopped");
  world.disk.state = "healthy";
  assert.equal(value("SELECT state FROM deliveries"), 2);
  void world.start();
  await run(MINUTE);
  assert.equal(value("SELECT state FROM deliveries"), 3);
  const ids = world.network.sent.map(({ headers }) => headers["webhook-id"]);
  assert.deepEqual([ids.length, new Set(ids).size], [2, 1]);
});

test("a failing job is logged with its id once a minute, and the jobs behind it continue", async () => {
  const { world, caller, endpointId, ask, run } = await stage("healthy");
  const brokenId = await ask((engine) => engine.endpoints.recover(caller, endpointId, 0));
  world.disk.prepare("UPDATE jobs SET cursor = 'no JSON', finished_at = NULL").run();
  const soundId = await ask((engine) => engine.endpoints.recover(caller, endpointId, 0));
  assert.ok(brokenId !== null && soundId !== null);
  await run(MINUTE / 2);
  assert.equal((await ask((engine) => engine.jobs.get(caller, soundId)))?.state, "done");
  await run(4.5 * MINUTE);
  const logged = world.log.filter((line) => line.includes("notices job_failed") && line.includes(brokenId));
  assert.ok(logged.length >= 4 && logged.length <= 6, `logged ${logged.length} times`);
  assert.equal((await ask((engine) => engine.jobs.get(caller, brokenId)))?.state, "running");
});

test("the event of a pause's ending is sent at once, whatever caused the ending", async () => {
  const { world, caller, ask, run } = await stage("healthy");
  const options = ["yes", "no"];
  const question = {
    message: "Go?",
    options,
    details: [],
    allowTextResponse: false,
    timeoutDefault: null,
    metadata: null,
  };
  const make = async (expiresInSeconds: number) => {
    const input = {
      question,
      recipient: null,
      signIn: null,
      plan: null,
      tellsApprovers: false,
      expiresInSeconds,
      idempotencyKey: null,
      trace: null,
    };
    const made = await ask((engine) => engine.pauses.create(caller, input));
    if (made.kind !== "created") throw new Error(made.kind);
    return made.view;
  };
  const sent: string[] = [];
  const isSent = (type: string) => {
    sent.push(type);
    const types = world.network.sent.map(({ headers }) => headers["x-webhook-event"]);
    assert.deepEqual(types, sent);
  };
  const [answered, cancelled, expired] = [await make(300), await make(300), await make(40)];
  const token = String(answered.respondUrl).split("/").at(-1) ?? "";
  await ask((engine) => engine.pauses.respond(token, { choice: "yes", text: null }));
  await run(SECOND);
  isSent("pause.responded");
  // The lane has closed meanwhile. Without a signal, the engine would look for work only once a minute.
  await run(10 * SECOND);
  await ask((engine) => engine.pauses.cancel(caller, cancelled.pause.id));
  await run(SECOND);
  isSent("pause.cancelled");
  await run(expired.pause.expiresAt - world.wall.nowMs + SECOND);
  isSent("pause.timed_out");
  assert.deepEqual(world.faults, []);
});

test("two simultaneous reprocess requests both succeed once the record's password is correct", async () => {
  const { world, caller, ask, value } = await stage("healthy");
  const made = await ask((engine) =>
    engine.inbound.sources.create(caller, { settings: settingsOf("basic", "shop"), secret: "mistyped" }),
  );
  if (made.kind !== "created") throw new Error(made.kind);
  const { id } = made.source;
  const authorization = `Basic ${Buffer.from(`${USERNAME}:right`).toString("base64")}`;
  const later = (ms: number) => new Promise<void>((resolve) => world.timeline.after(ms, resolve));
  for (let count = 0; count < PAIRS_COUNT; count += 1) {
    const request = { headers: { authorization }, url: "http://localhost/in", body: new Uint8Array(2) };
    const refused = await ask((engine) => engine.inbound.receiveAny(id, { ...request, address: `192.0.2.${count}` }));
    assert.equal(refused.kind, "unauthorized");
  }
  await ask((engine) => engine.inbound.sources.patch(caller, id, { settings: {}, secret: "right" }));
  const nothing = {
    kind: null,
    sourceId: id,
    sourceName: null,
    eventType: null,
    direction: null,
    rejection: null,
    from: null,
    to: null,
  };
  const { rows } = await ask((engine) => engine.inbound.list(caller, { ...nothing, valid: false }, 0, PAIRS_COUNT));
  for (const [index, { id: recordId }] of rows.entries()) {
    const answers = await ask((engine) => {
      const again = () => engine.inbound.reprocess(caller, recordId, undefined);
      return Promise.all([again(), later(index % APART_MS_MAX).then(again)]);
    });
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      ["reprocessed", "reprocessed"],
    );
  }
  assert.deepEqual([rows.length, value("SELECT count(*) FROM inbound_credentials")], [PAIRS_COUNT, 0]);
});
