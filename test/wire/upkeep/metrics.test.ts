/** `/metrics`: what it counts, and that the docs, the dashboard and the alerts name metrics that it has. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { startMailServer } from "../../fixtures/mail-server.ts";
import { polled } from "../../harness/deadline.ts";
import { createSource, SOURCE_SECRET, signatureOf } from "../../harness/inbound.ts";
import { ask, respond } from "../../harness/pauses.ts";
import { startRunningReceiver } from "../../harness/receiver.ts";
import { type Client, startServer } from "../../harness/server.ts";

const FILES = new URL("../../../", import.meta.url);
const USERS = ["deploy/grafana/signalbox.json", "deploy/prometheus/alerts.yml", "deploy/prometheus/alerts.test.yml"];

/** The series of the product's own counters and gauges, by name and labels. */
async function scrape(client: Client): Promise<Map<string, number>> {
  const { text } = await client.request("GET", "/metrics");
  const lines = text.match(/^signalbox_\S+ \S+$/gm) ?? [];
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]));
}

/** Those that have changed, and by how much. */
async function changes(client: Client, before: Map<string, number>): Promise<Record<string, number>> {
  const now = [...(await scrape(client))].filter(([name]) => name.includes("_total") && !name.includes("_notices_"));
  const changed = now.map(
    ([name, value]) => [name.replace("signalbox_", ""), value - (before.get(name) ?? 0)] as const,
  );
  return Object.fromEntries(changed.filter(([, difference]) => difference !== 0));
}

/** Some of it happens after the response to the request that causes it. */
async function untilChanged(client: Client, before: Map<string, number>, expected: Record<string, number>) {
  const found = await polled(async () => {
    const changed = await changes(client, before);
    return Object.entries(expected).some(([name, count]) => (changed[name] ?? 0) < count) ? null : changed;
  }, "the counters' change");
  assert.deepEqual(found, expected);
}

test("events, deliveries, pauses, inbound requests and notifications are counted, whatever they come from", async (t) => {
  const mail = await startMailServer(t);
  const server = await startServer(t, { SMTP_URL: mail.url, SIGNALBOX_MAIL_FROM: "box@example.com" });
  const receiver = await startRunningReceiver(t);
  const made = await server.request("POST", "/v1/endpoints", { body: { url: receiver.url, name: "all" } });
  assert.equal(made.status, 201, made.text);
  const source = await createSource(server, { scheme: "github" });
  const send = (body: string, secret = SOURCE_SECRET) => {
    const headers = {
      "x-hub-signature-256": signatureOf(body, secret),
      "x-github-event": "push",
      "x-github-delivery": body,
    };
    return server.request("POST", `/in/${source.id}`, { key: null, body, headers });
  };
  const before = await scrape(server);
  assert.equal(before.get("signalbox_pauses_open"), 0);

  const published = await server.request("POST", "/v1/events", { body: { type: "a.b", payload: { n: 1 } } });
  const delivery = published.body.deliveries[0]?.delivery_id;
  assert.equal((await server.request("POST", "/v1/replays", { body: { delivery_ids: [delivery] } })).status, 202);
  assert.equal((await server.request("POST", `/v1/endpoints/${made.body.id}/test`)).status, 200);
  for (const body of ['{"a":1}', '{"a":1}']) assert.equal((await send(body)).status, 200);
  assert.equal((await send('{"a":2}', "another secret")).status, 401);
  const answered = await ask(server, { recipient: "ana@example.com", channel: "email" });
  const open = await ask(server);
  assert.equal((await scrape(server)).get("signalbox_pauses_open"), 2);
  await mail.next();
  assert.equal((await respond(server, answered.token, { choice: "Approve" })).status, 200);
  assert.equal((await server.request("DELETE", `/v1/pause/${open.id}`)).status, 200);

  await untilChanged(server, before, {
    'events_published_total{origin="publish"}': 1,
    'events_published_total{origin="test"}': 1,
    'events_published_total{origin="inbound"}': 1,
    'events_published_total{origin="pause"}': 2,
    'deliveries_total{origin="publish"}': 1,
    'deliveries_total{origin="replay"}': 1,
    'deliveries_total{origin="test"}': 1,
    'deliveries_total{origin="inbound"}': 1,
    'deliveries_total{origin="pause"}': 2,
    'deliveries_ended_total{state="DELIVERED"}': 6,
    'attempts_total{outcome="SUCCESS",classification="success"}': 6,
    pauses_created_total: 2,
    'pauses_ended_total{status="responded"}': 1,
    'pauses_ended_total{status="cancelled"}': 1,
    'inbound_requests_total{outcome="accepted"}': 1,
    'inbound_requests_total{outcome="duplicate"}': 1,
    'inbound_requests_total{outcome="refused"}': 1,
    'inbound_refused_total{reason="signature_mismatch"}': 1,
    'notifications_total{channel="email",outcome="sent"}': 1,
  });
  const after = await scrape(server);
  assert.equal(after.get("signalbox_pauses_open"), 0);
  assert.equal(after.get("signalbox_pause_answer_seconds_count"), 1);
  await eachMetricIsDocumented(after);
  await eachMetricInUseExists(server);
});

/** A histogram has several series for one metric. */
async function eachMetricIsDocumented(series: Map<string, number>): Promise<void> {
  const docs = await readFile(new URL("docs/monitoring.md", FILES), "utf8");
  const metricOf = (name: string) => name.replace(/\{.*/, "").replace(/_(?:bucket|sum|count)$/, "");
  const metrics = [...new Set([...series.keys()].map(metricOf))].toSorted();
  const documented = [...new Set(docs.match(/signalbox_\w+/g))].toSorted();
  assert.deepEqual(documented, metrics, "docs/monitoring.md names each metric of the server, and no other");
}

async function eachMetricInUseExists(client: Client): Promise<void> {
  const { text } = await client.request("GET", "/metrics");
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type]) => [name, type]));
  for (const file of USERS) {
    const used = (await readFile(new URL(file, FILES), "utf8")).match(/\b(?:signalbox|process|nodejs)_\w+/g);
    assert.ok(used !== null && used.length > 10, file);
    for (const name of new Set(used)) {
      const histogram = name.replace(/_bucket$/, "");
      assert.ok(types.has(name) || types.get(histogram) === "histogram", `${file} uses ${name}, which no server has`);
    }
  }
}
