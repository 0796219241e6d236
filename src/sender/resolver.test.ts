import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Answer, startNameServer } from "../../test/fixtures/name-server.ts";
import { createSystemClock } from "../clock/system.ts";
import { DNS_FAILURE_TTL_MS, DNS_TTL_MS } from "../domain/limits.ts";
import { parseHosts, parseSearchDomains } from "./hosts.ts";
import { createResolver, type Resolution, type ResolverOptions } from "./resolver.ts";

async function setUp(context: TestContext, answer: (name: string) => Answer, more: Partial<ResolverOptions> = {}) {
  const server = await startNameServer(answer);
  const system = createSystemClock();
  let aheadMs = 0;
  const advance = (ms: number) => {
    aheadMs += ms;
  };
  const clock = { ...system, monotonicMs: () => system.monotonicMs() + aheadMs };
  const resolver = createResolver({ clock, nameServers: [server.address], hostsPath: "/nonexistent", ...more });
  context.after(() => {
    resolver.close();
    server.close();
  });
  return { resolver, server, advance };
}

const found = (...addresses: string[]): Resolution => ({ kind: "found", addresses });
const reasonOf = (resolution: Resolution) => (resolution.kind === "failed" ? resolution.reason : resolution.addresses);

test("a name resolves to its IPv4 and IPv6 addresses, IPv4 first", async (context) => {
  const { resolver } = await setUp(context, () => ["2606:4700::1", "8.8.8.8", "8.8.4.4"]);
  assert.deepEqual(await resolver.resolve("a.test"), found("8.8.8.8", "8.8.4.4", "2606:4700::1"));
});

test("simultaneous lookups of one name are combined, and the result is cached for 30 s", async (context) => {
  const { resolver, server, advance } = await setUp(context, () => ["8.8.8.8"]);
  await Promise.all(Array.from({ length: 20 }, () => resolver.resolve("a.test")));
  advance(DNS_TTL_MS - 1000);
  await resolver.resolve("a.test");
  assert.deepEqual(server.asked, ["a.test", "a.test"]);
  advance(1001);
  await resolver.resolve("a.test");
  assert.equal(server.asked.length, 4);
});

test("a failure is cached for 5 s", async (context) => {
  const { resolver, server, advance } = await setUp(context, () => "not_found");
  assert.equal(reasonOf(await resolver.resolve("a.test")), "dns_not_found");
  const asked = server.asked.length;
  advance(DNS_FAILURE_TTL_MS - 1000);
  await resolver.resolve("a.test");
  assert.equal(server.asked.length, asked);
  advance(1001);
  await resolver.resolve("a.test");
  assert.ok(server.asked.length > asked);
});

test("each kind of failure has its own reason", async (context) => {
  const { resolver } = await setUp(
    context,
    (name) => (name === "empty.test" ? [] : name === "broken.test" ? "server_failure" : "silence"),
    { lookupMsMax: 100 },
  );
  assert.equal(reasonOf(await resolver.resolve("empty.test")), "dns_not_found");
  assert.equal(reasonOf(await resolver.resolve("silent.test")), "dns_timeout");
  assert.equal(reasonOf(await resolver.resolve(`${"a".repeat(70)}.test`)), "dns_error");
});

test("a failing name server is an error and not a missing name", async (context) => {
  const { resolver } = await setUp(context, () => "server_failure");
  assert.equal(reasonOf(await resolver.resolve("broken.test")), "dns_error");
});

test("the hosts file takes precedence over the name servers, and its changes are noticed", async (context) => {
  const directory = await mkdtemp(join(tmpdir(), "signalbox-hosts-"));
  context.after(() => rm(directory, { recursive: true }));
  const hostsPath = join(directory, "hosts");
  await writeFile(hostsPath, "10.0.0.7 Partner.test # in the office\n");
  const { resolver, server, advance } = await setUp(context, () => ["8.8.8.8"], { hostsPath });
  assert.deepEqual(await resolver.resolve("partner.test"), found("10.0.0.7"));
  assert.deepEqual(server.asked, []);
  await writeFile(hostsPath, "");
  advance(DNS_TTL_MS + 1);
  assert.deepEqual(await resolver.resolve("partner.test"), found("8.8.8.8"));
});

async function setUpSearch(context: TestContext, answer: (name: string) => Answer) {
  const directory = await mkdtemp(join(tmpdir(), "signalbox-resolv-"));
  context.after(() => rm(directory, { recursive: true }));
  const resolvConfPath = join(directory, "resolv.conf");
  await writeFile(resolvConfPath, "nameserver 10.0.0.1\nsearch default.svc.cluster.local svc.cluster.local\n");
  return setUp(context, answer, { search: true, resolvConfPath });
}

const each = (names: readonly string[]) => [...new Set(names)];

test("a name with a dot is looked up unchanged first, and then in the search domains", async (context) => {
  const { resolver, server } = await setUpSearch(context, (name) =>
    name === "orders.default.svc.cluster.local" || name === "hooks.test" ? ["10.0.0.7"] : "not_found",
  );
  assert.deepEqual(await resolver.resolve("hooks.test"), found("10.0.0.7"));
  assert.deepEqual(each(server.asked), ["hooks.test"]);
  assert.deepEqual(await resolver.resolve("orders.default"), found("10.0.0.7"));
  assert.deepEqual(each(server.asked).slice(1), [
    "orders.default",
    "orders.default.default.svc.cluster.local",
    "orders.default.svc.cluster.local",
  ]);
});

test("a single label is looked up in the search domains first, and then unchanged", async (context) => {
  const { resolver, server } = await setUpSearch(context, (name) =>
    name === "orders.default.svc.cluster.local" || name === "api" ? ["10.0.0.7"] : "not_found",
  );
  assert.deepEqual(await resolver.resolve("orders"), found("10.0.0.7"));
  assert.deepEqual(each(server.asked), ["orders.default.svc.cluster.local"]);
  assert.deepEqual(await resolver.resolve("api"), found("10.0.0.7"));
  assert.equal(reasonOf(await resolver.resolve("nobody")), "dns_not_found");
});

test("without allowed networks, search domains are not used", async (context) => {
  const { resolver, server } = await setUp(context, () => "not_found");
  assert.equal(reasonOf(await resolver.resolve("gone.test")), "dns_not_found");
  assert.deepEqual(each(server.asked), ["gone.test"]);
});

test("the search domains of resolv.conf are parsed as the system does", () => {
  const text =
    "# head\nnameserver 10.0.0.1\nsearch old.test\ndomain older.test\nsearch\tA.test. b.test # two\noptions ndots:5\n";
  assert.deepEqual(parseSearchDomains(text), ["a.test", "b.test"]);
  assert.deepEqual(parseSearchDomains("search a b c d e f g h\n"), ["a", "b", "c", "d", "e", "f"]);
  assert.deepEqual(parseSearchDomains("search .\nnameserver ::1\n"), []);
  assert.deepEqual(parseSearchDomains(""), []);
});

test("a hosts file is parsed as the system does", () => {
  const text = "# head\r\n127.0.0.1\tlocalhost  Box\n\n::1 localhost\nfe80::1%lo0 localhost\nnonsense here\n10.0.0.1\n";
  assert.deepEqual(
    parseHosts(text),
    new Map([
      ["localhost", ["127.0.0.1", "::1"]],
      ["box", ["127.0.0.1"]],
    ]),
  );
});
