/** `signalbox endpoints`: list, look, and do something with one. */
import type { Endpoint, EndpointState } from "../../../../sdk/src/index.ts";
import { command, group } from "../../command.ts";
import { EXIT, usage } from "../../failure.ts";
import { firstRows, LIST_OPTIONS, pageRows } from "../../listing.ts";
import { choices, duration, flag, operand, operands, required, text, time } from "../../options.ts";
import type { ListView } from "../../output/output.ts";
import { safe, safeLines } from "../../output/text.ts";
import { roughly, shortTime } from "../../output/time.ts";
import { printJob, pause as wait, watchJob } from "../../watch.ts";
import { deliveries } from "./bulk.ts";
import { statusCell } from "./delivery-views.ts";
import { create, endpointFields, set } from "./endpoint-settings.ts";
import { readPayload } from "./payload.ts";

const ENDPOINT = operand("ENDPOINT_ID", "the endpoint", { completes: "endpoint" });
const ENDPOINTS = operands("ENDPOINT_ID", "the endpoints", { completes: "endpoint" });
const STATES = [
  "healthy",
  "failing",
  "resting",
  "probing",
  "throttled",
  "paused",
  "disabled",
] as const satisfies readonly EndpointState[];
/** How often to look how many deliveries wait. */
const DRAIN_POLL_MS = 500;

const LIST: ListView<Endpoint> = {
  id: ({ id }) => id,
  columns: [
    { head: "ENDPOINT", cell: ({ id }) => id, narrow: "id" },
    { head: "STATUS", cell: ({ status }) => statusCell(status) },
    { head: "STATE", cell: ({ health }) => health.state, narrow: "omit" },
    { head: "WAITING", cell: waitingOf, align: "end" },
    { head: "NAME", cell: ({ name }) => name, narrow: "cut" },
    { head: "URL", cell: ({ url }) => url, narrow: "below" },
    { head: "TYPES", cell: ({ event_types }) => event_types?.join(" ") ?? "all", narrow: "drop" },
  ],
  none: "There are no such endpoints.",
};

function waitingOf({ waiting }: Endpoint): string {
  return `${waiting.count}${waiting.more ? "+" : ""}`;
}

const list = command({
  name: "list",
  about: "list endpoints, oldest first",
  options: {
    state: choices("STATE", STATES, "only endpoints in these states"),
    search: text("TEXT", "a part of the name or the URL"),
    type: text("TYPE", "only endpoints that take this event type", { completes: "type" }),
    ...LIST_OPTIONS,
  },
  examples: [["signalbox endpoints list --state failing,resting", "where deliveries fail now"]],
  async run({ client, out, signal }, { state, search, type, limit, all }) {
    const filter = { q: search, eventType: type, ...(state.length > 0 && { state }) };
    const rows = client.endpoints.list({ ...filter, limit: pageRows({ limit, all }), signal });
    await out.list(firstRows(rows, { limit, all }), LIST);
  },
});

const get = command({
  name: "get",
  about: "show an endpoint, its settings and its health",
  operands: { id: ENDPOINT },
  examples: [["signalbox endpoints get ep_01…", "everything about it, except its secret"]],
  async run({ client, out, signal }, { id }) {
    const endpoint = await client.endpoints.get(id, { signal });
    await out.one(endpoint, { id: () => endpoint.id, fields: endpointFields });
  },
});

const pause = command({
  name: "pause",
  about: "hold the deliveries to endpoints, and say what is held",
  operands: { ids: ENDPOINTS },
  examples: [["signalbox endpoints pause ep_01…", "before its receiver is down for a while"]],
  async run({ client, out, signal }, { ids }) {
    for (const id of ids) {
      const endpoint = await client.endpoints.update(id, { status: "PAUSED" }, { signal });
      const { waiting, backlog, name } = endpoint;
      const since = backlog.oldest_at === null ? "" : `, the oldest from ${shortTime(backlog.oldest_at)}`;
      const held = `${waiting.more ? "more than " : ""}${deliveries(waiting.count)} held${since}`;
      await out.item(endpoint, id, `${id}  ${safe(name)} is paused: ${held}`);
    }
  },
});

const resume = command({
  name: "resume",
  about: "deliver again, beginning with what was held",
  operands: { ids: ENDPOINTS },
  options: { watch: flag("wait until nothing that was held waits any more") },
  examples: [["signalbox endpoints resume ep_01… --watch", "watch the backlog drain"]],
  async run({ client, out, signal }, { ids, watch }) {
    for (const id of ids) {
      let endpoint = await client.endpoints.update(id, { status: "ACTIVE" }, { signal });
      while (watch && endpoint.waiting.count > 0 && endpoint.status === "ACTIVE") {
        out.progress(drainOf(endpoint));
        await wait(DRAIN_POLL_MS, signal);
        endpoint = await client.endpoints.get(id, { signal });
      }
      out.endProgress();
      const waits = endpoint.waiting.count === 0 ? "nothing waits" : `${waitingOf(endpoint)} wait`;
      await out.item(endpoint, id, `${id}  ${safe(endpoint.name)} is ${endpoint.status.toLowerCase()}: ${waits}`);
      // It was paused or disabled meanwhile, so it does not drain.
      if (watch && endpoint.waiting.count > 0) return EXIT.otherOutcome;
    }
    return EXIT.done;
  },
});

function drainOf(endpoint: Endpoint): string {
  const { drain_per_second: perSecond, drained_at: at } = endpoint.backlog;
  const left = at === null ? "" : `, about ${roughly((Date.parse(at) - Date.now()) / 1000)} left`;
  return `${safe(endpoint.name)}: ${waitingOf(endpoint)} waiting, ${perSecond} a second${left}`;
}

const test = command({
  name: "test",
  about: "send a test, and show what the receiver answers",
  details: "The exit code is 3 when the receiver does not answer with a 2xx status.",
  operands: { id: ENDPOINT },
  options: {
    type: text("TYPE", "the event type of the test (default: test)", { completes: "type" }),
    data: text("JSON", "the payload: JSON, @file, or - for standard input", { completes: "file" }),
    event: text("ID", "send this event's type and payload", { completes: "event" }),
  },
  examples: [
    ["signalbox endpoints test ep_01…", "an empty test"],
    ["signalbox endpoints test ep_01… --type order.created --data @order.json", "a payload of your own"],
  ],
  async run(context, { id, type, data, event }) {
    const { client, out, signal } = context;
    if (event !== undefined && (type !== undefined || data !== undefined))
      throw usage("--event brings its own type and payload");
    const payload = data === undefined ? undefined : await readPayload(context, data);
    const own = { ...(type !== undefined && { event_type: type }), ...(payload !== undefined && { payload }) };
    const input = event === undefined ? own : { event_id: event };
    const { data: result } = await client.endpoints.test(id, { input, signal });
    await out.one(result, {
      id: ({ delivery_id }) => delivery_id,
      fields: ({ success, httpStatus, message, delivery_id, latency_ms }) => [
        ["result", success ? { text: message, color: "green" } : { text: message, color: "red" }],
        ["status", httpStatus],
        ["ms", latency_ms],
        ["delivery", delivery_id],
      ],
    });
    const { response_body: body } = result;
    if (out.mode === "people" && body !== null && body !== "") await out.write(`\n${safeLines(body)}\n`);
    return result.success ? EXIT.done : EXIT.otherOutcome;
  },
});

const rotate = command({
  name: "rotate",
  about: "change an endpoint's secret; the old one stays valid for a while",
  operands: { id: ENDPOINT },
  options: {
    secretStdin: flag("read the new secret from standard input; by default the server makes one"),
    overlap: duration("DURATION", "how long the old secret stays valid, up to 7d (default: 24h)"),
    yes: flag("do not ask"),
  },
  examples: [["signalbox endpoints rotate ep_01… --yes", "a new secret, which is shown only once"]],
  async run(context, { id, secretStdin, overlap, yes }) {
    const { client, out, signal } = context;
    const secret = secretStdin ? (await context.readInput()).toString("utf8").trim() : undefined;
    if (!yes) await context.confirm(`Change the secret of ${safe(id)}?`);
    const input = {
      ...(secret !== undefined && { secret }),
      ...(overlap !== undefined && { overlap_seconds: overlap }),
    };
    const rotated = await client.endpoints.rotateSecret(id, input, { signal });
    await out.one(rotated, {
      id: () => id,
      fields: ({ secret: made, previous_expires_at }) => [
        ["endpoint", id],
        ...(made === undefined ? [] : [["secret, shown only now", made] as const]),
        ["the old one until", shortTime(previous_expires_at)],
      ],
    });
  },
});

const recover = command({
  name: "recover",
  about: "send again what failed, and what was missed while it was disabled",
  operands: { id: ENDPOINT },
  options: {
    since: required(time("TIME", "since when: a time, or 2h for two hours ago")),
    watch: flag("wait until the job is done"),
  },
  examples: [["signalbox endpoints recover ep_01… --since 2h --watch", "after an outage of its receiver"]],
  async run(context, { id, since, watch }) {
    const { client, out, signal } = context;
    const started = await client.endpoints.recover(id, { since }, { signal });
    if (watch) return printJob(context, await watchJob(context, started.job_id));
    await out.one(started, { id: ({ job_id }) => job_id, fields: ({ job_id }) => [["job", job_id]] });
    return EXIT.done;
  },
});

const remove = command({
  name: "delete",
  about: "delete endpoints, and cancel the deliveries that wait for them",
  operands: { ids: ENDPOINTS },
  options: { yes: flag("do not ask") },
  examples: [["signalbox endpoints delete ep_01…", "it asks first"]],
  async run(context, { ids, yes }) {
    const { client, out, signal } = context;
    if (!yes) await context.confirm(`Delete ${ids.length === 1 ? safe(ids[0] ?? "") : `${ids.length} endpoints`}?`);
    for (const id of ids) {
      await client.endpoints.delete(id, { signal });
      await out.item({ id, deleted: true }, id, `${id}  deleted`);
    }
  },
});

export const endpoints = group(list, get, create, set, pause, resume, test, rotate, recover, remove);
