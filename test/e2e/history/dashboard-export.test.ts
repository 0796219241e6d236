/** The export with clients that read slowly, do not read, or disconnect, and exports that the server must end. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { after, type TestContext, test } from "node:test";
import { operatorIn } from "../../../src/cli/tenant-choice.ts";
import { createSystemClock } from "../../../src/clock/system.ts";
import { StoreUnavailable } from "../../../src/domain/errors.ts";
import { EXPORT_PAGE_ROWS, EXPORT_STALL_MS_MAX, EXPORTS_OF_TENANT_COUNT_MAX } from "../../../src/domain/limits.ts";
import { Users } from "../../../src/engine/access/users.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { Cursor, Store } from "../../../src/ports/store.ts";
import { assembleServer } from "../../harness/assembled.ts";
import { within } from "../../harness/deadline.ts";
import { signedIn } from "../../harness/jar.ts";
import { PASSWORD } from "../../harness/people.ts";
import { createEndpoint, patch, publish, publishMany } from "../../harness/scene.ts";
import { newTenant, startServer, type Tenant, type TestServer } from "../../harness/server.ts";

const EXPORT = "/dashboard/webhooks/deliveries/export";
/** With the long URL below, this many rows are far more bytes than fit into the operating system's buffers. */
const ROWS = 5000;
const URL_OF_HOOK = "http://127.0.0.1:9/".padEnd(2048, "x");

/** The test fires the stall timers of exports itself. All other timers, including those of equal length, are real. */
const system = createSystemClock();
const stalls = new Set<() => void>();
const isOfExport = (): boolean => new Error().stack?.includes("export-writer.ts") === true;
const clock: Clock = {
  ...system,
  after(ms, task) {
    if (ms !== EXPORT_STALL_MS_MAX || !isOfExport()) return system.after(ms, task);
    const once = () => task();
    stalls.add(once);
    return { cancel: () => void stalls.delete(once) };
  },
};
const dataDir = await mkdtemp(path.join(tmpdir(), "signalbox-export-"));
const server = await assembleServer({ after }, { dataDir, clock });
after(async () => {
  await server.close();
  await rm(dataDir, { recursive: true, force: true });
});
const client = await filled(server);

async function filled(of: TestServer): Promise<Tenant> {
  const tenant = await newTenant(of);
  const held = await createEndpoint(tenant, { url: URL_OF_HOOK });
  await patch(tenant, held, { status: "PAUSED" });
  await publishMany(tenant, ROWS);
  return tenant;
}

interface Download {
  readonly answer: IncomingMessage;
  /** Disconnects the client. */
  disconnect(): void;
}

/** Starts an export without reading the response body. */
async function download(url: string, headers: Readonly<Record<string, string>>): Promise<Download> {
  const request = get(url + EXPORT, { headers, agent: false });
  request.on("error", () => undefined); // the response reports it as well
  const [answer] = (await within(once(request, "response"), "an answer")) as [IncomingMessage];
  return { answer, disconnect: () => request.destroy() };
}

const keyed = ({ apiKey }: Pick<Tenant, "apiKey">) => ({ authorization: `Bearer ${apiKey}` });

/** Resolves when the exports wait for their clients: they make no progress while the server handles other requests. */
async function stuck(exports = 1): Promise<void> {
  for (let before: readonly unknown[] = []; ; ) {
    for (let turn = 0; turn < 20; turn += 1) await server.request("GET", "/healthz", { key: null });
    const now = [...stalls];
    if (now.length >= exports && now.length === before.length && now.every((task, n) => task === before[n])) return;
    before = now;
  }
}

/** Fires the stall timers: the clients have read nothing for the maximum time. */
function stall(): void {
  const due = [...stalls];
  stalls.clear();
  for (const task of due) task();
}

async function readWhole({ answer }: Download): Promise<string[]> {
  const bytes = await within(buffer(answer), "the whole file");
  assert.ok(answer.complete);
  return bytes.toString("utf8").split("\r\n");
}

async function assertBroken({ answer }: Download): Promise<void> {
  await assert.rejects(within(buffer(answer), "the end"), /aborted|ECONNRESET/);
  assert.equal(answer.complete, false);
}

type Reads = (...args: Parameters<Store["readLedger"]>) => ReturnType<Store["readLedger"]>;

/** Replaces the store's `readLedger` until the test ends. */
function whenRead(t: TestContext, instead: (real: Reads) => Reads): void {
  const { readLedger } = server.store;
  t.after(() => {
    server.store.readLedger = readLedger;
  });
  server.store.readLedger = instead(readLedger);
}

/** Like {@link download}, but waits for a free slot: the server frees a slot when it notices the disconnect. */
async function started(headers: Readonly<Record<string, string>>): Promise<Download> {
  for (;;) {
    const one = await download(server.url, headers);
    if (one.answer.statusCode === 200) return one;
    assert.equal(one.answer.statusCode, 429);
    await within(buffer(one.answer), "the refusal");
  }
}

/** Asserts that the tenant can use all its slots at once. */
async function assertSlotsFree(tenant: Tenant): Promise<void> {
  const all: Download[] = [];
  for (let slot = 0; slot < EXPORTS_OF_TENANT_COUNT_MAX; slot += 1) {
    all.push(await within(started(keyed(tenant)), "a free slot"));
  }
  for (const one of all) one.disconnect();
}

test("a large export arrives completely, even if its client pauses", async () => {
  const [first, second] = [await download(server.url, keyed(client)), await download(server.url, keyed(client))];
  await stuck(2);
  const header = "id,eventId,event,";
  for (const lines of await Promise.all([readWhole(first), readWhole(second)])) {
    assert.ok(lines[0]?.startsWith(`\ufeff${header}`));
    assert.equal(lines.length, ROWS + 2);
    const ids = lines.slice(1, -1).map((line) => line.slice(0, line.indexOf(",")));
    assert.equal(new Set(ids).size, ROWS);
    assert.deepEqual(ids.toSorted(), ids);
  }
});

test("an export excludes events published after its start, and reads rows only as fast as the client does", async (t) => {
  let reads = 0;
  whenRead(t, (real) => (...args) => {
    reads += 1;
    return real(...args);
  });
  const one = await download(server.url, keyed(client));
  await stuck();
  assert.ok(reads < ROWS / EXPORT_PAGE_ROWS, `${reads} pages read for a client that took nothing`);
  await publish(client);
  assert.equal((await readWhole(one)).length, ROWS + 2);
});

test("an export beyond the tenant's slots gets a 429, and a client that disconnects frees its slot at once", async () => {
  const slots: Download[] = [];
  for (let n = 0; n < EXPORTS_OF_TENANT_COUNT_MAX; n += 1) slots.push(await started(keyed(client)));
  const refused = await client.request("GET", EXPORT);
  const { message } = refused.body;
  assert.equal(refused.text, JSON.stringify({ statusCode: 429, error: "TOO_MANY_EXPORTS", message }));
  assert.match(refused.headers.get("retry-after") ?? "", /^\d+$/);
  const other = await newTenant(server);
  assert.equal((await other.request("GET", EXPORT)).status, 200);
  await stuck(slots.length);
  slots[0]?.disconnect();
  slots[0] = await within(started(keyed(client)), "a free slot");
  for (const one of slots) one.disconnect();
  await assertSlotsFree(client);
});

test("a client that reads nothing for too long is disconnected, and its slot is freed", async () => {
  const one = await started(keyed(client));
  await stuck();
  stall();
  await assertBroken(one);
  await assertSlotsFree(client);
});

test("an export ends when its session or key ends", async () => {
  const { tenants } = await server.store.listTenants(null, 1000);
  const tenant = tenants.find(({ id }) => `dev_${id}` === client.id) ?? assert.fail();
  const email = "reader@example.com";
  await new Users(server.store, clock).add({ ...operatorIn(tenant), email, role: "developer", password: PASSWORD });
  const jar = await signedIn(server.url, email, PASSWORD);
  const bySession = await started({ cookie: jar.cookie ?? "" });
  await stuck();
  await jar.request("POST", "/dashboard/auth/logout");
  await assertBroken(bySession);

  const made = await client.request("POST", "/v1/auth/keys", { body: { name: "reader" } });
  const byKey = await started(keyed({ apiKey: made.body.api_key }));
  await stuck();
  assert.equal((await client.request("DELETE", `/v1/auth/keys/${made.body.id}`)).status, 204);
  await assertBroken(byKey);
  await assertSlotsFree(client);
});

test("a failure before the first row gets its error status and frees the slot", async (t) => {
  const own = await newTenant(server);
  whenRead(t, () => () => Promise.reject(new StoreUnavailable("a test")));
  for (let n = 0; n <= EXPORTS_OF_TENANT_COUNT_MAX; n += 1) {
    const refused = await own.request("GET", EXPORT);
    assert.deepEqual([refused.status, refused.code], [503, "STORE_UNAVAILABLE"]);
  }
});

test("a later failure breaks the transfer and is logged", async (t) => {
  let reads = 0;
  whenRead(t, (real) => (...args) => {
    reads += 1;
    return reads === 1 ? real(...args) : Promise.reject(new Error("a broken disk"));
  });
  await assertBroken(await started(keyed(client)));
  assert.match(server.log, /export_broke.*a broken disk|a broken disk.*export_broke/);
});

test("a page without rows is not the end", async (t) => {
  const own = await newTenant(server);
  await patch(own, await createEndpoint(own, { url: URL_OF_HOOK }), { status: "PAUSED" });
  await publish(own);
  let reads = 0;
  whenRead(t, (real) => async (filter, cursor, limit) => {
    reads += 1;
    const page = await real(filter, reads <= 4 ? null : cursor, limit);
    return reads <= 3 ? { rows: [], next: "somewhere" as Cursor } : page;
  });
  assert.equal((await own.request("GET", EXPORT)).text.split("\r\n").length, 3);
});

test("a stopping server does not wait for exports, and an interrupted export does not look complete", async (t) => {
  const own = await startServer(t);
  const tenant = await filled(own);
  const one = await download(own.url, keyed(tenant));
  // Less than the time that the server waits for responses in progress.
  await within(own.close(), "the stop", 1500);
  await assertBroken(one);
});
