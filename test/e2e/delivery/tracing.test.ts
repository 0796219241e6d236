/** Spans in a real server, which sends them to a collector that the test plays. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { newDataDir, startChild } from "../../harness/child.ts";
import { PROJECT_DIR } from "../../harness/command.ts";
import { signalled } from "../../harness/deadline.ts";
import { startRunningReceiver } from "../../harness/receiver.ts";
import type { AnswerBody, Scope } from "../../harness/server.ts";

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly status: { readonly code?: number };
  readonly attributes: readonly Attribute[];
}
interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number | string };
}
interface Exported {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

/** Answers 400 until `recover`: the exporter tries such an export only once. */
async function startCollector(scope: Scope) {
  const bodies: string[] = [];
  let headers: IncomingHttpHeaders = {};
  let status = 400;
  const looking = new Set<() => void>();
  const server = createServer(async (request, response) => {
    headers = request.headers;
    const body = await text(request);
    if (status === 200) bodies.push(body);
    response.writeHead(status, { "content-type": "application/json" }).end("{}");
    for (const look of looking) look();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  scope.after(() => void server.close().closeAllConnections());
  const exports = () =>
    bodies.map((body) => JSON.parse(body) as Exported).flatMap(({ resourceSpans }) => resourceSpans);
  const spans = () => exports().flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    recover: () => {
      status = 200;
    },
    headers: () => headers,
    resource: () => attributesOf(exports()[0]?.resource ?? assert.fail()),
    spans,
    async until(isThere: (spans: readonly OtlpSpan[]) => boolean): Promise<void> {
      const { promise, give } = signalled<void>("the spans");
      const look = () => isThere(spans()) && give();
      looking.add(look);
      look();
      await promise;
    },
  };
}

function attributesOf({ attributes }: { readonly attributes: readonly Attribute[] }): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]));
}

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const UNSAMPLED = "1af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";

/** The attempt's span. Its parent is that of the publish, whose parent is the caller's. */
function readTree(spans: readonly OtlpSpan[], published: AnswerBody, url: string): OtlpSpan {
  const [publishing, attempt] = spans.toSorted((a, b) => b.kind - a.kind);
  assert(publishing && attempt);
  assert.deepEqual([publishing.name, publishing.parentSpanId], ["publish", PARENT]);
  assert.deepEqual([attempt.name, attempt.parentSpanId], ["POST", publishing.spanId]);
  assert.deepEqual(attributesOf(publishing), {
    "messaging.system": "signalbox",
    "messaging.operation.name": "publish",
    "messaging.operation.type": "send",
    "signalbox.event.type": "order.paid",
    "messaging.message.id": published.event_id,
    "signalbox.deliveries": 1,
  });
  assert.deepEqual(attributesOf(attempt), {
    "http.request.method": "POST",
    "url.full": url,
    "server.address": "127.0.0.1",
    "server.port": Number(new URL(url).port),
    "messaging.message.id": published.event_id,
    "signalbox.event.type": "order.paid",
    "signalbox.delivery.id": published.deliveries[0]?.delivery_id,
    "signalbox.endpoint.id": published.deliveries[0]?.endpoint_id,
    "http.response.status_code": 503,
    "error.type": "503",
  });
  return attempt;
}

test("publishes and attempts are spans of the caller's trace, and a collector that is down costs one log line", async (t) => {
  const collector = await startCollector(t);
  const receiver = await startRunningReceiver(t);
  const server = await startChild(t, await newDataDir(t), {
    LOG_LEVEL: "info",
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: "x-team=blue",
    OTEL_SERVICE_NAME: "hooks",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=staging",
    OTEL_BSP_SCHEDULE_DELAY: "20",
  });
  const made = await server.request("POST", "/v1/endpoints", {
    body: {
      url: `${receiver.url}?token=tr0ub4dor`,
      retry_schedule_seconds: [],
      headers_json: { "x-own": "tr0ub4dor" },
    },
  });
  assert.equal(made.status, 201, made.text);
  const publish = (headers = {}) =>
    server.request("POST", "/v1/events", { body: { type: "order.paid", payload: { card: "tr0ub4dor" } }, headers });

  assert.equal((await publish()).status, 202);
  const own = (await receiver.next()).headers.traceparent;
  assert.match(String(own), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  await server.says(/"msg":"traces_not_exported"/);
  await publish();
  await receiver.next();
  collector.recover();
  await publish({ traceparent: `00-${UNSAMPLED}-${PARENT}-00` });
  assert.match(String((await receiver.next()).headers.traceparent), new RegExp(`^00-${UNSAMPLED}-[0-9a-f]{16}-00$`));
  receiver.answerWith(503);
  const published = await publish({ traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: "rojo=1" });
  const { headers } = await receiver.next();
  const of = (spans: readonly OtlpSpan[]) => spans.filter(({ traceId }) => traceId === TRACE);
  await collector.until((spans) => of(spans).length === 2);
  await server.says(/"msg":"traces_exported_again"/);

  const attempt = readTree(of(collector.spans()), published.body, receiver.url);
  assert.equal(headers.traceparent, `00-${TRACE}-${attempt.spanId}-01`);
  assert.equal(headers.tracestate, "rojo=1");
  assert.equal(attributesOf(attempt)["signalbox.endpoint.id"], made.body.id);
  assert.equal(attempt.status.code, 2);
  assert.equal(collector.headers()["x-team"], "blue");
  const resource = collector.resource();
  assert.deepEqual([resource["service.name"], resource["deployment.environment.name"]], ["hooks", "staging"]);
  server.signal("SIGTERM");
  assert.equal((await server.exited).code, 0);
  assert.doesNotMatch(collector.bodies.join(), /tr0ub4dor/);
  assert.ok(!collector.spans().some(({ traceId }) => traceId === UNSAMPLED), "the caller decided not to sample it");
  assert.equal(server.stdout.match(/traces_not_exported/g)?.length, 1);
});

test("without a collector, nothing of the SDK is loaded", () => {
  const dist = path.join(PROJECT_DIR, "dist");
  const loaded = new Set<string>();
  const visit = (file: string) => {
    if (loaded.has(file)) return;
    loaded.add(file);
    const code = readFileSync(path.join(dist, file), "utf8");
    for (const [, next = ""] of code.matchAll(/^(?:import|export) .*"\.\/([\w-]+\.js)";$/gm)) visit(next);
  };
  const hasSdk = (file: string) => readFileSync(path.join(dist, file), "utf8").includes("OTEL_EXPORTER_OTLP_HEADERS");
  const entries = readdirSync(dist).filter((file) =>
    /^(?:program|api|server|listen|[a-z]+-thread)\b.*\.js$/.test(file),
  );
  for (const entry of entries) visit(entry);
  assert.ok(loaded.has("program.js"));
  assert.deepEqual([...loaded].filter(hasSdk), []);
  assert.ok(
    readdirSync(dist).some((file) => file.endsWith(".js") && hasSdk(file)),
    "the SDK is a file of its own",
  );
});
