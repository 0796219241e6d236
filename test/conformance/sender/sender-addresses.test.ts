/** Which addresses an attempt may connect to, whatever the name servers answer. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createSystemClock } from "../../../src/clock/system.ts";
import { ADDRESS_HEAD_START_MS, DNS_TTL_MS, REGISTRATION_DNS_MS } from "../../../src/domain/limits.ts";
import { createResolver } from "../../../src/sender/resolver.ts";
import type { SenderOptions } from "../../../src/sender/sender.ts";
import { startFullBacklog } from "../../fixtures/full-backlog.ts";
import { type Answer, startNameServer } from "../../fixtures/name-server.ts";
import { answer, OK, post, startReceiver, startSender } from "../../fixtures/receiver.ts";

/** A sender that resolves names with `names`. */
async function setUp(context: TestContext, names: (name: string) => Answer, options: Partial<SenderOptions> = {}) {
  const server = await startNameServer(names);
  const system = createSystemClock();
  let aheadMs = 0;
  const clock = { ...system, monotonicMs: () => system.monotonicMs() + aheadMs };
  const resolver = createResolver({ clock, nameServers: [server.address], hostsPath: "/nonexistent" });
  context.after(() => server.close());
  const sender = startSender(context, { clock, resolver, ...options });
  const advance = (ms: number) => {
    aheadMs += ms;
  };
  return { sender, server, advance };
}

const REFUSED_NAME =
  /^the URL's host name resolves to a private address; add its network to SIGNALBOX_ALLOW_NETWORKS to allow it$/;

test("registration refuses a name with a forbidden address, even when its other addresses are public", async (context) => {
  const { sender } = await setUp(context, (name) => (name === "mixed.test" ? ["8.8.8.8", "10.0.0.5"] : ["10.0.0.5"]));
  for (const url of ["https://inner.test/hook", "https://mixed.test/hook"]) {
    const verdict = await sender.vet(url);
    assert.ok(verdict.kind === "refused", url);
    assert.match(verdict.reason, REFUSED_NAME);
  }
});

test("registration also checks the IPv6 addresses", async (context) => {
  const { sender } = await setUp(context, () => ["8.8.8.8", "64:ff9b::a00:5"]);
  const verdict = await sender.vet("https://nat.test/");
  assert.ok(verdict.kind === "refused" && /NAT64/.test(verdict.reason));
});

test("registration accepts public names, and names that cannot be resolved now", async (context) => {
  const { sender } = await setUp(context, (name) => (name === "public.test" ? ["8.8.8.8"] : "not_found"));
  for (const url of ["https://public.test/hook", "https://later.test/hook"]) {
    assert.deepEqual(await sender.vet(url), { kind: "accepted", url });
  }
});

test("registration waits for silent name servers only up to its limit", async (context) => {
  const server = await startNameServer(() => "silence");
  context.after(() => server.close());
  const system = createSystemClock();
  // Of all timers, only the one for the registration's limit fires during the test.
  const after: typeof system.after = (ms, task) => system.after(ms === REGISTRATION_DNS_MS ? 20 : 60_000, task);
  const resolver = createResolver({ clock: system, nameServers: [server.address], hostsPath: "/nonexistent" });
  const sender = startSender(context, { clock: { ...system, after }, resolver });
  assert.equal((await sender.vet("https://silent.test/hook")).kind, "accepted");
});

test("registration checks literal addresses in every spelling without a name server", async (context) => {
  const { sender, server } = await setUp(context, () => ["8.8.8.8"], { allowNetworks: [], allowHttp: false });
  for (const url of ["https://0x7f.1/", "https://[::ffff:7f00:1]/", "https://localhost/", "https://a.internal/"]) {
    assert.equal((await sender.vet(url)).kind, "refused", url);
  }
  const verdict = await sender.vet("http://public.test/");
  assert.ok(verdict.kind === "refused" && verdict.reason.includes("SIGNALBOX_ALLOW_HTTP"));
  assert.deepEqual(server.asked, []);
});

test("an attempt does not connect to a name that resolves to a forbidden address", async (context) => {
  const receiver = await startReceiver(context, answer(OK));
  const { sender } = await setUp(context, () => ["127.0.0.1"], { allowNetworks: [] });
  const outcome = await post(sender, `http://inner.test:${receiver.port}/`);
  assert.ok(outcome.kind === "unreachable");
  assert.equal(outcome.reason, "address_refused");
  assert.match(outcome.detail, /resolves to a loopback address/);
  assert.doesNotMatch(outcome.detail, /127/);
  assert.equal(receiver.connections(), 0);
});

test("a name cannot evade the check by changing its address afterwards", async (context) => {
  const outer = await startReceiver(context, answer(OK));
  let address = "127.0.0.1";
  const { sender, advance } = await setUp(context, () => [address], { allowNetworks: ["127.0.0.1/32"] });
  const url = `http://rebind.test:${outer.port}/`;
  assert.equal((await sender.vet(url)).kind, "accepted");
  assert.equal((await post(sender, url)).kind, "answered");
  address = "127.0.0.2";
  const inner = await startReceiver(context, answer(OK), { host: "127.0.0.2" });
  // While the checked address is cached, connections go to it. Then the new address is resolved and refused.
  assert.equal((await post(sender, url)).kind, "answered");
  advance(DNS_TTL_MS * 3);
  const outcome = await post(sender, url);
  assert.ok(outcome.kind === "unreachable" && outcome.reason === "address_refused");
  assert.equal(inner.connections(), 0);
});

test("the connection goes to the address that was checked", async (context) => {
  const receiver = await startReceiver(
    context,
    (socket) => {
      const seen = `${socket.localAddress}`;
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${seen.length}\r\n\r\n${seen}`);
    },
    { host: "0.0.0.0" },
  );
  const { sender, server } = await setUp(context, () => ["127.0.0.7"]);
  const outcome = await post(sender, `http://fixed.test:${receiver.port}/`);
  assert.ok(outcome.kind === "answered" && outcome.snippet === "127.0.0.7");
  assert.equal(server.asked.length, 2);
  assert.match(receiver.requests[0] ?? "", new RegExp(`^host: fixed.test:${receiver.port}\r$`, "m"));
});

test("when one address does not accept, the next one is tried", async (context) => {
  const receiver = await startReceiver(context, answer(OK), { host: "127.0.0.9" });
  const { sender } = await setUp(context, () => ["127.0.0.8", "127.0.0.9"]);
  assert.equal((await post(sender, `http://two.test:${receiver.port}/`)).kind, "answered");
});

test("a slow address stays in the race when the next address refuses the connection", async (context) => {
  const slow = await startFullBacklog(context, "127.0.0.8");
  const { sender } = await setUp(context, () => ["127.0.0.8", "127.0.0.9"]);
  const attempt = post(sender, `http://slow.test:${slow.port}/`, { timeoutMs: 20_000 });
  // tidy-allow timer: longer than the head start, so that the second address has been tried and refused
  setTimeout(slow.accept, ADDRESS_HEAD_START_MS + 200);
  assert.equal((await attempt).kind, "answered");
});

test("an attempt with silent and refusing addresses ends at its deadline", async (context) => {
  const slow = await startFullBacklog(context, "127.0.0.8");
  const { sender } = await setUp(context, () => ["127.0.0.8", "127.0.0.9"]);
  const outcome = await post(sender, `http://slow.test:${slow.port}/`, { timeoutMs: ADDRESS_HEAD_START_MS + 300 });
  assert.ok(outcome.kind === "unreachable" && outcome.reason === "connect_timeout", JSON.stringify(outcome));
  assert.match(outcome.detail, /did not accept the connection within/);
});

test("a refused connection starts the next address at once", async (context) => {
  const receiver = await startReceiver(context, answer(OK), { host: "127.0.0.9" });
  const addresses = ["127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7", "127.0.0.8", "127.0.0.9"];
  const { sender } = await setUp(context, () => addresses);
  // Six head starts would take longer than this deadline.
  const timeoutMs = ADDRESS_HEAD_START_MS * 5;
  assert.equal((await post(sender, `http://seven.test:${receiver.port}/`, { timeoutMs })).kind, "answered");
});

test("a name in a private network is accepted only when its addresses are allowed", async (context) => {
  const receiver = await startReceiver(context, answer(OK));
  const names = (name: string): Answer => (name === "api" ? ["127.0.0.1"] : ["169.254.169.254"]);
  const { sender } = await setUp(context, names, { allowNetworks: ["127.0.0.0/8"] });
  const url = `http://api:${receiver.port}/hook`;
  assert.deepEqual(await sender.vet(url), { kind: "accepted", url });
  assert.equal((await post(sender, url)).kind, "answered");
  assert.match(receiver.requests[0] ?? "", new RegExp(`^host: api:${receiver.port}\r$`, "m"));
  const verdict = await sender.vet("http://metadata.google.internal/");
  assert.ok(verdict.kind === "refused" && /resolves to a cloud metadata address/.test(verdict.reason));
  const outcome = await post(sender, "http://metadata.google.internal/");
  assert.ok(outcome.kind === "unreachable" && outcome.reason === "address_refused");
});

test("an attempt reports a refused connection when every address refuses", async (context) => {
  const receiver = await startReceiver(context, answer(OK), { host: "127.0.0.9" });
  const { sender } = await setUp(context, () => ["127.0.0.7", "127.0.0.8"]);
  const outcome = await post(sender, `http://none.test:${receiver.port}/`);
  assert.ok(outcome.kind === "unreachable");
  assert.equal(outcome.reason, "connect_refused");
});

test("each failure of the name servers has its own reason", async (context) => {
  const answers: Record<string, Answer> = {
    "gone.test": "not_found",
    "empty.test": [],
    "broken.test": "server_failure",
  };
  const { sender } = await setUp(context, (name) => answers[name] ?? "silence");
  const reason = async (name: string) => {
    const outcome = await post(sender, `http://${name}/`, { timeoutMs: 300 });
    return outcome.kind === "unreachable" ? outcome.reason : outcome.kind;
  };
  assert.equal(await reason("gone.test"), "dns_not_found");
  assert.equal(await reason("empty.test"), "dns_not_found");
  assert.equal(await reason("broken.test"), "dns_error");
  assert.equal(await reason("silent.test"), "dns_timeout");
});

test("silent name servers for one name do not delay another name", async (context) => {
  const receiver = await startReceiver(context, answer(OK));
  const { sender } = await setUp(context, (name) => (name === "alive.test" ? ["127.0.0.1"] : "silence"));
  let ended = 0;
  const dead = Array.from({ length: 50 }, async (_, i) => {
    await post(sender, `http://dead${i}.test/`, { timeoutMs: 400 });
    ended += 1;
  });
  assert.equal((await post(sender, `http://alive.test:${receiver.port}/`)).kind, "answered");
  assert.equal(ended, 0);
  await Promise.all(dead);
});

test("localhost reaches a receiver that listens on either loopback address", async (context) => {
  const sender = startSender(context);
  const receiver = await startReceiver(context, answer(OK));
  assert.equal((await post(sender, `http://localhost:${receiver.port}/`)).kind, "answered");
  assert.equal((await post(sender, `http://LOCALHOST.:${receiver.port}/`)).kind, "answered");
});

test("an attempt refuses a stored URL that the settings no longer allow", async (context) => {
  const receiver = await startReceiver(context, answer(OK));
  const closed = startSender(context, { allowHttp: false, allowNetworks: [] });
  const reason = async (url: string) => {
    const outcome = await post(closed, url);
    return outcome.kind === "unreachable" ? outcome.reason : outcome.kind;
  };
  assert.equal(await reason(`http://127.0.0.1:${receiver.port}/`), "url_refused");
  assert.equal(await reason(`https://127.0.0.1:${receiver.port}/`), "address_refused");
  assert.equal(await reason("https://localhost/"), "address_refused");
  assert.equal(await reason("not a url"), "url_refused");
  assert.equal(receiver.connections(), 0);
});
