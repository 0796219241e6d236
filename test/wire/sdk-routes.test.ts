/** The SDK is whole: each route of `/openapi.json` has a method, and the server accepts what each method sends. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { Signalbox, SignalboxError, type TestInput } from "../../packages/sdk/src/index.ts";
import { newTenant } from "../harness/server.ts";
import { sharedServer } from "../processes/one-server.ts";

const server = await sharedServer({ after });

/** Routes without a method, and why. */
const OUTSIDE: Readonly<Record<string, string>> = {
  createDashboardWebhook: "another product's shape of `endpoints.create`",
  listDashboardWebhooks: "another product's shape of `endpoints.page`",
  getDashboardWebhook: "another product's shape of `endpoints.get`",
  deleteDashboardWebhook: "another product's shape of `endpoints.delete`",
  toggleDashboardWebhook: "another product's shape of `endpoints.update`",
  testDashboardWebhook: "another product's shape of `endpoints.test`",
  listDashboardDeliveries: "another product's shape of `deliveries.list`",
  retryDashboardDelivery: "another product's shape of `deliveries.retry`",
  reportResults: "`listen` sends it",
  receiveWebhook: "a provider sends it, signed in the provider's own way",
  receiveSlackInteraction: "Slack sends it, signed in its own way",
  receivePauseStatus: "the source sends it, with a body that `signJcs` signs",
};

const UUID = "01900000-0000-7000-8000-000000000000";
const [ep, evt, del, wh, usr] = ["ep", "evt", "del", "wh", "usr"].map((prefix) => `${prefix}_${UUID}`);
const TIMES = { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" } as const;
const SPAN = { from: new Date(Date.now() - 7_200_000), to: new Date(), step: "1h" } as const;
const PAGE = { page: 1, limit: 5 } as const;
const EXACTLY = { kind: "webhook", valid: false, rejection_reason: "signature_mismatch", event_type: "a" } as const;
const RECEIVED = { ...EXACTLY, ...TIMES, ...PAGE };
const CONDITIONS = {
  ...TIMES,
  status: ["FAILED", "EXPIRED"],
  endpoint_id: [`${ep}`],
  event_id: `${evt}`,
  event_type: "a.*",
  search: "a",
  http_status: "5xx",
  classification: "connect_refused",
  terminal_reason: "attempts_exhausted",
  attempts_min: 2,
} as const;
const BULK = { action: "retry", filter: CONDITIONS, as_of: TIMES.to, per_second: 5 } as const;
const HMAC = { header: "x-signature", algorithm: "sha256", encoding: "hex", prefix: "v1=" } as const;
const PAUSES = { status: "pending", order: "deadline", channel: "none", q: "a", limit: 5 } as const;
const QUESTION = { message: "Go on?", options: ["Yes", "No"], timeout_default: "No", metadata: { n: 1 } } as const;
const KEY_SETTINGS = { name: "a", role: "viewer", test: true, expires_at: "2100-01-01T00:00:00Z" } as const;
const ENDPOINT = { url: "http://127.0.0.1:9/", event_types: ["a.*"], format: "standard", ordered: true } as const;
const LISTENER = {
  event_types: ["a.*"],
  format: "standard",
  timeout_seconds: 30,
  retry_schedule_seconds: [2],
} as const;
const LISTEN = { listener: `${ep}`, reader: "ada@laptop", takeover: true } as const;
const TEST: TestInput = { event_type: "a", payload: '{"n": 1.0}' };
const AUDIT = { event_type: "key.created", subject_id: `${ep}`, actor: `${usr}`, from_date: "2026-01-01" } as const;
const WORD = "correct horse battery";

interface Given {
  readonly client: Signalbox;
  readonly signal: AbortSignal;
}

/** Each method, with its route, and with arguments that use all that the route takes. */
const CALLS: Readonly<Record<string, readonly [operationId: string, call: (given: Given) => unknown]>> = {
  "endpoints.create": ["createEndpoint", ({ client }) => client.endpoints.create(ENDPOINT)],
  "endpoints.list": ["listEndpoints", ({ client }) => client.endpoints.list({ limit: 5, q: "a", eventType: "a" })],
  "endpoints.page": ["listEndpoints", ({ client }) => client.endpoints.page({ state: ["failing", "paused"] })],
  "endpoints.count": ["countEndpoints", ({ client }) => client.endpoints.count()],
  "endpoints.get": ["getEndpoint", ({ client }) => client.endpoints.get(`${ep}`)],
  "endpoints.update": ["updateEndpoint", ({ client }) => client.endpoints.update(`${ep}`, { status: "PAUSED" })],
  "endpoints.delete": ["deleteEndpoint", ({ client }) => client.endpoints.delete(`${ep}`)],
  "endpoints.rotateSecret": ["rotateEndpointSecret", ({ client }) => client.endpoints.rotateSecret(`${ep}`)],
  "endpoints.test": ["testEndpoint", ({ client }) => client.endpoints.test(`${ep}`, { input: TEST })],
  "endpoints.recover": ["recoverEndpoint", ({ client }) => client.endpoints.recover(`${ep}`, { since: new Date() })],
  "events.publish": ["publishEvent", ({ client }) => client.events.publish({ type: "a", payload: { n: 1 } })],
  "events.publishBatch": ["publishEvents", ({ client }) => client.events.publishBatch([{ type: "a", payload: "{}" }])],
  "events.list": ["listEvents", ({ client }) => client.events.list({ ...TIMES, type: "a.*", undelivered: true })],
  "events.iterate": ["listEvents", ({ client }) => client.events.iterate({ payload_contains: "abc", limit: 5 })],
  "events.get": ["getEvent", ({ client }) => client.events.get(`${evt}`)],
  "events.getPayload": ["getEventPayload", ({ client }) => client.events.getPayload(`${evt}`)],
  "events.listTypes": ["listEventTypes", ({ client }) => client.events.listTypes({ search: "a", limit: 5 })],
  "events.explain": ["explainEvent", ({ client }) => client.events.explain(`${evt}`, { endpoint_id: `${ep}` })],
  "events.suppose": ["explainSupposition", ({ client }) => client.events.suppose({ type: "a", filter: ["a.*"] })],
  "deliveries.list": ["listDeliveries", ({ client }) => client.deliveries.list({ ...CONDITIONS, count: true })],
  "deliveries.iterate": ["listDeliveries", ({ client }) => client.deliveries.iterate({ sort: "attempts", limit: 5 })],
  "deliveries.get": ["getDelivery", ({ client }) => client.deliveries.get(`${del}`)],
  "deliveries.explain": ["explainDelivery", ({ client }) => client.deliveries.explain(`${del}`)],
  "deliveries.getAttempt": ["getAttempt", ({ client }) => client.deliveries.getAttempt(`${del}`, 1, { signed: "now" })],
  "deliveries.cancel": ["cancelDelivery", ({ client }) => client.deliveries.cancel(`${del}`)],
  "deliveries.retry": ["retryDelivery", ({ client }) => client.deliveries.retry(`${del}`)],
  "deliveries.countBulk": ["bulkDeliveries", ({ client }) => client.deliveries.countBulk(BULK)],
  "deliveries.bulk": ["bulkDeliveries", ({ client }) => client.deliveries.bulk(BULK)],
  "deliveries.export": [
    "exportDashboardDeliveries",
    ({ client }) => client.deliveries.export(CONDITIONS, { format: "ndjson", progress: "12345678" }),
  ],
  "deliveries.getExport": ["getExport", ({ client }) => client.deliveries.getExport("12345678")],
  "replays.create": ["replayDeliveries", ({ client }) => client.replays.create({ delivery_ids: [`${del}`] })],
  "analytics.deliveryVolume": ["getDeliveryVolume", ({ client }) => client.analytics.deliveryVolume({ hours: 2 })],
  "analytics.successRate": ["getSuccessRate", ({ client }) => client.analytics.successRate({ hours: 2 })],
  "analytics.latencyDistribution": ["getLatencyDistribution", ({ client }) => client.analytics.latencyDistribution()],
  "analytics.endpointHealth": ["getEndpointHealth", ({ client }) => client.analytics.endpointHealth({ hours: 2 })],
  "analytics.endpointAttempts": ["getEndpointAttempts", ({ client }) => client.analytics.endpointAttempts([`${ep}`])],
  "analytics.attempts": [
    "getAttemptStatistics",
    ({ client }) => client.analytics.attempts({ ...SPAN, endpointId: `${ep}` }),
  ],
  "analytics.inbound": ["getInboundStatistics", ({ client }) => client.analytics.inbound(SPAN)],
  "analytics.pauses": ["getPauseStatistics", ({ client }) => client.analytics.pauses(SPAN)],
  "analytics.backlog": ["getBacklog", ({ client }) => client.analytics.backlog()],
  "jobs.get": ["getJob", ({ client }) => client.jobs.get(`job_${UUID}`)],
  "jobs.list": ["listJobs", ({ client }) => client.jobs.list({ state: "done", kind: "bulk_retry", limit: 5 })],
  "jobs.iterate": ["listJobs", ({ client }) => client.jobs.iterate({ limit: 5 })],
  "jobs.cancel": ["cancelJob", ({ client }) => client.jobs.cancel(`job_${UUID}`)],
  "keys.create": ["createKey", ({ client }) => client.keys.create(KEY_SETTINGS)],
  "keys.list": ["listKeys", ({ client }) => client.keys.list({ limit: 5 })],
  "keys.page": ["listKeys", ({ client }) => client.keys.page({ limit: 5 })],
  "keys.revoke": ["revokeKey", ({ client }) => client.keys.revoke(`key_${UUID}`)],
  "keys.rotate": ["rotateKey", ({ client }) => client.keys.rotate()],
  "keys.revokeOwn": ["revokeOwnKey", ({ client }) => client.keys.revokeOwn()],
  "receiptKeys.list": ["listReceiptKeys", ({ client }) => client.receiptKeys.list()],
  "receiptKeys.rotate": ["rotateReceiptKey", ({ client }) => client.receiptKeys.rotate()],
  "tenants.create": ["createTenant", ({ client }) => client.tenants.create({ name: "a" })],
  "tenants.get": ["getTenant", ({ client }) => client.tenants.get(`dev_${UUID}`)],
  "tenants.update": [
    "updateTenant",
    ({ client }) => client.tenants.update(`dev_${UUID}`, { links: "shown", quotas: { keys: null } }),
  ],
  "tenants.list": ["listTenants", ({ client }) => client.tenants.list({ limit: 1 })],
  "tenants.page": ["listTenants", ({ client }) => client.tenants.page({ limit: 1 })],
  "users.list": ["listUsers", ({ client }) => client.users.list({ limit: 5 })],
  "users.page": ["listUsers", ({ client }) => client.users.page({ limit: 5 })],
  "users.create": ["createUser", ({ client }) => client.users.create({ email: "a@sdk.example", role: "viewer" })],
  "users.update": ["updateUser", ({ client }) => client.users.update(`${usr}`, { role: "viewer", disabled: true })],
  "users.resetPassword": ["resetPassword", ({ client }) => client.users.resetPassword(`${usr}`)],
  "audit.list": ["listAudit", ({ client }) => client.audit.list({ ...AUDIT, limit: 5, offset: 5 })],
  "sources.create": [
    "createSource",
    ({ client }) => client.sources.create({ name: "sdk", scheme: "hmac", hmac: HMAC }),
  ],
  "sources.list": ["listSources", ({ client }) => client.sources.list({ limit: 5 })],
  "sources.page": ["listSources", ({ client }) => client.sources.page({ limit: 5 })],
  "sources.get": ["getSource", ({ client }) => client.sources.get(`src_${UUID}`)],
  "sources.update": [
    "updateSource",
    ({ client }) => client.sources.update(`src_${UUID}`, { event_type: { pointer: "/type", fallback: "a" } }),
  ],
  "sources.delete": ["deleteSource", ({ client }) => client.sources.delete(`src_${UUID}`)],
  "sources.rotateSecret": [
    "rotateSourceSecret",
    ({ client }) => client.sources.rotateSecret(`src_${UUID}`, { secret: WORD, overlap_seconds: 0 }),
  ],
  "sources.try": ["trySource", ({ client }) => client.sources.try(`src_${UUID}`, { secret: WORD, event_id: `${wh}` })],
  "sources.reprocess": ["reprocessSource", ({ client }) => client.sources.reprocess(`src_${UUID}`)],
  "sources.listEvents": ["listSourceEvents", ({ client }) => client.sources.listEvents(`src_${UUID}`, RECEIVED)],
  "sources.getEvent": ["getSourceEvent", ({ client }) => client.sources.getEvent(`src_${UUID}`, `${wh}`)],
  "sources.deleteEvent": ["deleteSourceEvent", ({ client }) => client.sources.deleteEvent(`src_${UUID}`, `${wh}`)],
  "inboundEvents.list": [
    "listInboundEvents",
    ({ client }) => client.inboundEvents.list({ ...RECEIVED, source_id: `src_${UUID}` }),
  ],
  "inboundEvents.iterate": ["listInboundEvents", ({ client }) => client.inboundEvents.iterate(RECEIVED)],
  "inboundEvents.refused": ["countRefused", ({ client }) => client.inboundEvents.refused({ from: TIMES.from })],
  "inboundEvents.get": ["getInboundEvent", ({ client }) => client.inboundEvents.get(`${wh}`)],
  "inboundEvents.reprocess": [
    "reprocessSourceEvent",
    ({ client }) => client.inboundEvents.reprocess(`src_${UUID}`, `${wh}`),
  ],
  "inboundEvents.note": ["updateSourceEvent", ({ client }) => client.inboundEvents.note(`src_${UUID}`, `${wh}`, "n")],
  "inboundEvents.delete": ["deleteInboundEvent", ({ client }) => client.inboundEvents.delete(`${wh}`)],
  "pauseStatus.list": [
    "listPauseStatusRecords",
    ({ client }) =>
      client.pauseStatus.list({ ...PAGE, ...TIMES, payload_valid: false, transition_direction: "NONE", source: "a" }),
  ],
  "pauseStatus.get": ["getPauseStatusRecord", ({ client }) => client.pauseStatus.get(`${wh}`)],
  "pauseStatus.note": ["updatePauseStatusRecord", ({ client }) => client.pauseStatus.note(`${wh}`, null)],
  "pauseStatus.reprocess": ["updatePauseStatusRecord", ({ client }) => client.pauseStatus.reprocess(`${wh}`)],
  "pauseStatus.delete": ["deletePauseStatusRecord", ({ client }) => client.pauseStatus.delete(`${wh}`)],
  "status.get": ["getStatus", ({ client }) => client.status.get()],
  "status.nodes": ["listNodes", ({ client }) => client.status.nodes()],
  "status.checkHealth": ["checkHealth", ({ client }) => client.status.checkHealth()],
  "status.checkReadiness": ["checkReadiness", ({ client }) => client.status.checkReadiness()],
  "status.readMetrics": ["readMetrics", ({ client }) => client.status.readMetrics()],
  "status.testChannel": ["testChannel", ({ client }) => client.status.testChannel("sms", { address: "+436641234567" })],
  "webhooks.create": [
    "createWebhook",
    ({ client }) => client.webhooks.create({ url: ENDPOINT.url, events: ["pause.responded"], secret: WORD }),
  ],
  "webhooks.list": ["listWebhooks", ({ client }) => client.webhooks.list()],
  "webhooks.delete": ["deleteWebhook", ({ client }) => client.webhooks.delete(`webhook_${UUID}`)],
  "session.signIn": ["signIn", ({ client }) => client.session.signIn({ email: "a@sdk.example", password: WORD })],
  "session.me": ["getMe", ({ client }) => client.session.me()],
  "session.signOut": ["signOut", ({ client }) => client.session.signOut()],
  "session.changePassword": [
    "changePassword",
    ({ client }) => client.session.changePassword({ currentPassword: WORD, newPassword: `${WORD}!` }),
  ],
  "session.setPassword": ["setPassword", ({ client }) => client.session.setPassword({ token: "t", newPassword: WORD })],
  "session.list": ["listSessions", ({ client }) => client.session.list()],
  "session.end": ["endSession", ({ client }) => client.session.end(`ses_${UUID}`)],
  "session.endOthers": ["endOtherSessions", ({ client }) => client.session.endOthers()],
  "terminals.open": ["openDevice", ({ client }) => client.terminals.open({ name: "ada@laptop", role: "viewer" })],
  "terminals.poll": ["pollDevice", ({ client }) => client.terminals.poll("0".repeat(64))],
  "terminals.find": ["findTerminal", ({ client }) => client.terminals.find("WDJB-MJHT")],
  "terminals.approve": [
    "approveTerminal",
    ({ client }) => client.terminals.approve({ user_code: "WDJB-MJHT", role: "viewer" }),
  ],
  "terminals.deny": ["denyTerminal", ({ client }) => client.terminals.deny("WDJB-MJHT")],
  "listeners.put": ["putListener", ({ client }) => client.listeners.put({ ...LISTENER, name: "cli/ada@laptop" })],
  "listeners.list": ["listListeners", ({ client }) => client.listeners.list()],
  "listeners.get": ["getListener", ({ client }) => client.listeners.get(`${ep}`)],
  "listeners.delete": ["deleteListener", ({ client }) => client.listeners.delete(`${ep}`)],
  listen: ["openListenerStream", ({ client }) => client.listen(LISTEN, () => ({ status: 200 }))],
  stream: [
    "streamOutcomes",
    ({ client, signal }) => client.stream({ endpointId: `${ep}`, status: ["FAILED"], signal }),
  ],
  follow: ["streamOutcomes", ({ client, signal }) => client.follow({ topics: ["job"], maxPerSecond: 5, signal })],
  pause: ["createPause", ({ client }) => client.pause(QUESTION)],
  getPause: ["getPause", ({ client }) => client.getPause(`psr_${UUID}`, { wait: 1 })],
  waitForPause: ["getPause", ({ client }) => client.waitForPause(`psr_${UUID}`)],
  listPauses: ["listPauses", ({ client }) => client.listPauses(PAUSES)],
  iteratePauses: ["listPauses", ({ client }) => client.iteratePauses(PAUSES)],
  countPauses: ["countPauses", ({ client }) => client.countPauses()],
  decidePause: ["decidePause", ({ client }) => client.decidePause(`psr_${UUID}`, { choice: "Yes", text: "n" })],
  extendPause: [
    "extendPause",
    ({ client }) => client.extendPause(`psr_${UUID}`, { expires_at: "2027-01-01T00:00:00Z" }),
  ],
  resendPause: ["resendPause", ({ client }) => client.resendPause(`psr_${UUID}`)],
  revealPauseLink: ["revealPauseLink", ({ client }) => client.revealPauseLink(`psr_${UUID}`)],
  readPauseLink: ["readQuestion", ({ client }) => client.readPauseLink("t")],
  answerPauseLink: ["answerQuestion", ({ client }) => client.answerPauseLink("t", { choice: "Yes", text: "n" })],
  cancelPause: ["cancelPause", ({ client }) => client.cancelPause(`psr_${UUID}`)],
};

/** The names of all methods of the client and of its resources. */
function methodsOf(client: Signalbox): string[] {
  const named = (value: object, prefix: string) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(value))
      .filter((name) => name !== "constructor")
      .map((name) => prefix + name);
  return [...named(client, ""), ...Object.entries(client).flatMap(([name, value]) => named(value, `${name}.`))];
}

/** The operation of each route: `POST /v1/events/{id}`. */
async function readOperations(): Promise<ReadonlyMap<string, { readonly id: string; readonly path: RegExp }>> {
  const { text } = await server.request("GET", "/openapi.json", { key: null });
  const { paths }: { paths: Record<string, Record<string, { operationId: string }>> } = JSON.parse(text);
  return new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => [
        `${method.toUpperCase()} ${path}`,
        { id: operationId, path: new RegExp(`^${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`) },
      ]),
    ),
  );
}

/** Run a call, or the beginning of a loop. A refusal is a result: most ids do not exist. */
async function settle(called: unknown): Promise<SignalboxError | null> {
  try {
    if (typeof called === "object" && called !== null && Symbol.asyncIterator in called) {
      for await (const _ of called as AsyncGenerator) break;
    } else await called;
    return null;
  } catch (error) {
    if (error instanceof SignalboxError) return error;
    throw error;
  }
}

/** Whether the request is wrong, and not only about something that does not exist. */
function isFaulty({ status, details }: SignalboxError): boolean {
  const isAboutIds = details.length > 0 && details.every(({ rule }) => rule.startsWith("names no "));
  return [0, 200, 400, 405, 415, 422].includes(status) && !isAboutIds;
}

test("each route has a method or a reason for none, and each method is tried below", async () => {
  const ids = [...(await readOperations()).values()].map(({ id }) => id);
  const covered = Object.values(CALLS).map(([id]) => id);
  assert.deepEqual([...new Set([...covered, ...Object.keys(OUTSIDE)])].sort(), ids.sort());
  assert.deepEqual(
    Object.keys(OUTSIDE).filter((id) => covered.includes(id)),
    [],
  );
  const client = new Signalbox({ url: server.url, apiKey: server.apiKey });
  assert.deepEqual(Object.keys(CALLS).sort(), methodsOf(client).sort());
});

test("each method calls its route, and the server finds nothing wrong with the request", async () => {
  const operations = await readOperations();
  const { id: tenant, apiKey } = await newTenant(server);
  const faults: string[] = [];
  for (const [name, [operationId, call]] of Object.entries(CALLS)) {
    const seen: string[] = [];
    const leaving = new AbortController();
    const recording: typeof fetch = async (input, init) => {
      seen.push(`${init?.method} ${new URL(String(input)).pathname}`);
      const response = await fetch(input, init);
      if (operationId === "streamOutcomes") leaving.abort();
      return response;
    };
    // These end the key that asks for them.
    const asked = ["rotateKey", "revokeOwnKey"].includes(operationId) ? { apiKey } : { apiKey: server.apiKey, tenant };
    const client = new Signalbox({ url: server.url, ...asked, fetch: recording, retries: 0 });
    const refusal = await settle(call({ client, signal: leaving.signal }));
    const [request = ""] = seen;
    const called = [...operations.values()].filter(({ path }) => path.test(request)).map(({ id }) => id);
    assert.ok(called.includes(operationId), `${name} calls ${request}`);
    if (refusal !== null && isFaulty(refusal)) faults.push(`${name}: ${refusal.code} ${refusal.message}`);
  }
  assert.deepEqual(faults, []);
});

test("the README names each method", async () => {
  const readme = await readFile(new URL("../../packages/sdk/README.md", import.meta.url), "utf8");
  const missing = Object.keys(CALLS).filter((name) => !readme.includes(`\`${name}\``));
  assert.deepEqual(missing, []);
});
