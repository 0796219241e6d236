import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { createSystemClock } from "../clock/system.ts";
import type { Uuid } from "../domain/ids.ts";
import type { Attempted } from "../ports/telemetry.ts";
import type { LogLevel } from "./log.ts";
import { createTelemetry } from "./telemetry.ts";

const ATTEMPTED: Attempted = {
  deliveryId: "00000000-0000-7000-8000-000000000001" as Uuid,
  eventId: "00000000-0000-7000-8000-000000000002" as Uuid,
  endpointId: "00000000-0000-7000-8000-000000000003" as Uuid,
  tenantId: "00000000-0000-7000-8000-000000000004" as Uuid,
  eventType: "order.created",
  attemptNumber: 2,
  outcome: "SUCCESS",
  classification: "success",
  httpStatus: 200,
  errorDetail: null,
  latencyMs: 41.6,
  ageMs: 5041.6,
  state: "DELIVERED",
};

function listen(level: LogLevel = "info") {
  let written = "";
  const telemetry = createTelemetry({
    level,
    version: "1.2.3",
    clock: createSystemClock(),
    destination: {
      write(lines) {
        written += lines;
      },
    },
  });
  return {
    telemetry,
    lines(): Record<string, unknown>[] {
      telemetry.flush();
      return written
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line));
    },
  };
}

test("an attempt is one wide line with ids in the form that callers know", () => {
  const { telemetry, lines } = listen();
  telemetry.attempted(ATTEMPTED);
  const [{ time, ...line } = {}, ...more] = lines();
  assert.equal(typeof time, "number");
  assert.deepEqual(line, {
    level: "info",
    delivery_id: "del_00000000-0000-7000-8000-000000000001",
    event_id: "evt_00000000-0000-7000-8000-000000000002",
    endpoint_id: "ep_00000000-0000-7000-8000-000000000003",
    tenant_id: "dev_00000000-0000-7000-8000-000000000004",
    event_type: "order.created",
    attempt: 2,
    outcome: "SUCCESS",
    classification: "success",
    http_status: 200,
    error: null,
    latency_ms: 42,
    age_ms: 5042,
    state: "DELIVERED",
    msg: "attempt",
  });
  assert.deepEqual(more, []);
});

test("text from callers or the network cannot break out of its line", () => {
  const { telemetry, lines } = listen();
  const eventType = 'a"}\n{"level":"fatal';
  telemetry.attempted({ ...ATTEMPTED, eventType, classification: "reset", errorDetail: eventType });
  assert.deepEqual(
    lines().map((line) => [line.event_type, line.error]),
    [[eventType, eventType]],
  );
});

test("a log line does not control the terminal that shows it", () => {
  const pieces: string[] = [];
  const destination = { write: (lines: string) => void pieces.push(lines) };
  const telemetry = createTelemetry({ level: "info", version: "1.2.3", clock: createSystemClock(), destination });
  const detail = "altnames: DNS:\u009b2J\u202eevil\u2066";
  telemetry.attempted({ ...ATTEMPTED, classification: "tls_error", errorDetail: detail });
  telemetry.noticed({ level: "warn", what: "x", fields: { source: detail } });
  telemetry.flush();
  const written = pieces.join("");
  assert.doesNotMatch(written, /[\u007f-\u009f\p{Cf}]/u);
  for (const line of written.trimEnd().split("\n")) assert.ok(Object.values(JSON.parse(line)).includes(detail), line);
  assert.equal(written.split("\n").length, 3);
});

test("no line contains a URL's query or password, or text from a receiver", () => {
  const { telemetry, lines } = listen();
  const errorDetail = "connect to https://me:tr0ub4dor@example.com/hook?token=tr0ub4dor#tr0ub4dor failed";
  telemetry.attempted({ ...ATTEMPTED, classification: "connect_error", errorDetail });
  telemetry.attempted({ ...ATTEMPTED, classification: "http_status", errorDetail: "you sent tr0ub4dor" });
  telemetry.attempted({ ...ATTEMPTED, classification: "internal_error", errorDetail: "unexpected token tr0ub4dor" });
  telemetry.noticed({ level: "warn", what: "url_refused", fields: { url: "http://example.com/?tr0ub4dor", count: 1 } });
  const written = lines();
  assert.doesNotMatch(JSON.stringify(written), /tr0ub4dor/);
  assert.equal(written[0]?.error, "connect to https://example.com/hook?… failed");
  assert.equal(written[1]?.error, null);
  assert.deepEqual([written[3]?.msg, written[3]?.count], ["url_refused", 1]);
});

test("the level decides which lines are written", () => {
  const { telemetry, lines } = listen("warn");
  telemetry.attempted(ATTEMPTED);
  telemetry.noticed({ level: "info", what: "quiet", fields: {} });
  telemetry.noticed({ level: "error", what: "loud", fields: {} });
  assert.deepEqual(
    lines().map(({ level, msg }) => [level, msg]),
    [["error", "loud"]],
  );
});

/** The numbers of the lines that a process wrote, which ended with this statement. */
async function countedUntil(end: string): Promise<readonly number[]> {
  const script = `
    import { createSystemClock } from "${import.meta.resolve("../clock/system.ts")}";
    import { createTelemetry } from "${import.meta.resolve("./telemetry.ts")}";
    const telemetry = createTelemetry({ level: "info", version: "1.2.3", clock: createSystemClock() });
    for (let line = 0; line < 1000; line++) telemetry.logger.info({ line }, "counted");
    ${end};
    process.exit(0);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const written = (await text(child.stdout)).trimEnd().split("\n");
  return written.map((line) => (JSON.parse(line) as { line: number }).line);
}

const COUNTED = Array.from({ length: 1000 }, (_, line) => line);

test("buffered lines are written when the process exits", async () => {
  const counted = await countedUntil("");
  // Every line exactly once. A write that was already in progress may finish after the one at the exit.
  assert.deepEqual(
    counted.toSorted((x, y) => x - y),
    COUNTED,
  );
});

test("a server without a line to write leaves nothing in the process, however many were started", () => {
  const before = process.listenerCount("exit");
  const servers = Array.from({ length: 20 }, () => listen());
  assert.equal(process.listenerCount("exit"), before);
  const [first] = servers;
  first?.telemetry.noticed({ level: "info", what: "x", fields: {} });
  assert.equal(process.listenerCount("exit"), before + 1);
  first?.telemetry.flush();
  assert.equal(process.listenerCount("exit"), before);
});

test("at the end, all lines are written in their order", async () => {
  assert.deepEqual(await countedUntil("await telemetry.end()"), COUNTED);
});

test("a failed attempt is a warning, so it is logged at a level where successes are not", () => {
  const { telemetry, lines } = listen("warn");
  telemetry.attempted(ATTEMPTED);
  telemetry.attempted({ ...ATTEMPTED, outcome: "RETRYABLE_FAILURE", classification: "http_status", httpStatus: 404 });
  telemetry.attempted({ ...ATTEMPTED, outcome: "NON_RETRYABLE_FAILURE", classification: "gone", httpStatus: 410 });
  assert.deepEqual(
    lines().map(({ level, http_status }) => [level, http_status]),
    [
      ["warn", 404],
      ["warn", 410],
    ],
  );
});

test("attempts are counted", async () => {
  const { telemetry } = listen();
  telemetry.attempted(ATTEMPTED);
  telemetry.attempted({ ...ATTEMPTED, outcome: "RETRYABLE_FAILURE", classification: "dns_not_found" });
  const metrics = await telemetry.metrics.metrics();
  for (const line of [
    'signalbox_attempts_total{outcome="SUCCESS",classification="success"} 1',
    'signalbox_attempts_total{outcome="RETRYABLE_FAILURE",classification="dns_not_found"} 1',
    "signalbox_attempt_latency_seconds_count 2",
    'signalbox_attempt_latency_seconds_bucket{le="0.05"} 2',
    "signalbox_delivered_age_seconds_count 1",
  ]) {
    assert.ok(metrics.split("\n").includes(line), line);
  }
  assert.match(metrics, /^nodejs_eventloop_lag_p99_seconds /m);
  assert.doesNotMatch(metrics, /00000000-0000/);
});

test("the gauges show the current state of the engine and the store", async () => {
  const { telemetry } = listen();
  const engine = {
    inFlight: 7,
    deliveriesInMemory: 8,
    payloadBytesInMemory: 9,
    lanes: 1,
    publishQueue: 2,
    settleQueue: 3,
    clockOffsetSeconds: 0,
    nodes: 2,
    backlogReady: 4,
    backlogScheduled: 5,
    backlogHeld: 6,
    backlogOldestSeconds: 1.5,
    backlogReadySeconds: 0.5,
  };
  let reachable = true;
  const totals = {
    events: { publish: 2, inbound: 1, pause: 0, operational: 0, test: 0 },
    deliveries: { publish: 3, inbound: 1, pause: 0, operational: 0, test: 0, replay: 1 },
    endedDeliveries: { DELIVERED: 4, FAILED: 1, EXPIRED: 0, CANCELLED: 0 },
    createdPauses: { created: 3 },
    endedPauses: { responded: 1, timed_out: 1, cancelled: 0 },
  };
  telemetry.observe({
    engine: () => engine,
    store: async () => {
      if (!reachable) throw new Error("gone");
      return { fileBytes: 4096, walBytes: 0, leased: 5, openPauses: 6, totals, writable: true };
    },
  });
  const before = await telemetry.metrics.metrics();
  assert.match(before, /^signalbox_in_flight 7$/m);
  assert.match(before, /^signalbox_nodes 2$/m);
  assert.match(before, /^signalbox_backlog_oldest_seconds 1\.5$/m);
  assert.match(before, /^signalbox_store_file_bytes 4096$/m);
  assert.match(before, /^signalbox_store_writable 1$/m);
  assert.match(before, /^signalbox_pauses_open 6$/m);
  assert.match(before, /^signalbox_build_info\{version="1\.2\.3"\} 1$/m);
  assert.match(before, /^signalbox_events_published_total\{origin="publish"\} 2$/m);
  assert.match(before, /^signalbox_deliveries_total\{origin="replay"\} 1$/m);
  assert.match(before, /^signalbox_deliveries_ended_total\{state="FAILED"\} 1$/m);
  assert.match(before, /^signalbox_pauses_created_total 3$/m);
  assert.equal(await countersOf(telemetry), await countersOf(telemetry), "a scrape counts nothing");
  reachable = false;
  engine.inFlight = 0;
  const after = await telemetry.metrics.metrics();
  assert.match(after, /^signalbox_in_flight 0$/m);
  assert.match(after, /^signalbox_store_writable 0$/m);
});

test("two servers in one process have separate metrics", async () => {
  const [one, other] = [listen().telemetry, listen().telemetry];
  one.noticed({ level: "info", what: "x", fields: {} });
  assert.match(await other.metrics.metrics(), /^signalbox_notices_total\{level="info"\} 0$/m);
});

async function countersOf({ metrics }: ReturnType<typeof createTelemetry>): Promise<string> {
  return (await metrics.metrics()).match(/^signalbox_\w+_total.*$/gm)?.join("\n") ?? "";
}
