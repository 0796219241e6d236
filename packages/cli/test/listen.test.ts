import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { runHandler, webhookEnvironment } from "../src/commands/listen/exec.ts";
import { noAnswer } from "../src/commands/listen/no-answer.ts";
import { Poster } from "../src/commands/listen/post.ts";
import { Recorder } from "../src/commands/listen/record.ts";
import { connectedSentence, outcomeOf } from "../src/commands/listen/sentences.ts";
import {
  allowedByAll,
  eventTypesOf,
  readTargets,
  targetFor,
  targetName,
  urlOf,
} from "../src/commands/listen/targets.ts";
import { readUntil } from "../src/commands/listen/until.ts";

const NONE = { forwardTo: undefined, forward: [], exec: undefined };
const targetsOf = (given: Partial<Parameters<typeof readTargets>[0]>) => readTargets({ ...NONE, ...given }, null);

test("the most specific forward gets an event", () => {
  const forward = ["*=http://a.localhost/", "invoice.*=http://b.localhost/", "invoice.paid=http://c.localhost/"];
  const targets = targetsOf({ forward });
  const placeOf = (type: string) => {
    const target = targetFor(targets, type, false);
    return target === null ? null : targetName(target);
  };
  assert.equal(placeOf("invoice.paid"), "http://c.localhost/");
  assert.equal(placeOf("invoice.sent"), "http://b.localhost/");
  assert.equal(placeOf("order.paid"), "http://a.localhost/");
  assert.equal(eventTypesOf(targets), null);
});

test("without a forward for it, an event is not asked for, but a test arrives", () => {
  const targets = targetsOf({ forward: ["invoice.*=3000/invoices"] });
  assert.deepEqual(eventTypesOf(targets), ["invoice.*"]);
  assert.equal(targetFor(targets, "order.paid", false), null);
  const target = targetFor(targets, "signalbox.test", true);
  assert.equal(target === null ? null : targetName(target), "http://localhost:3000/invoices");
});

test("a command that cannot be started is a response that says so", async () => {
  const request = {
    deliveryId: "del_1",
    eventId: "evt_1",
    eventType: "a",
    attemptNumber: 1,
    headers: [],
    body: "{}",
    timeoutMs: 1000,
    deadlineAt: new Date(),
    isTest: false,
    signal: new AbortController().signal,
  };
  const answer = await runHandler("true", request, { folder: "/there/is/none" });
  assert.ok("status" in answer);
  assert.equal(answer.status, 500);
  assert.match(answer.body ?? "", /^the command cannot be started: spawn \S+ ENOENT$/);
});

test("a listener asks only for what every option allows", () => {
  for (const [filters, types] of [
    [[null, null], null],
    [[["order.*"], null, ["order.paid", "invoice.*"]], ["order.paid"]],
    [[["*"], ["git.*"], null], ["git.*"]],
    [
      [["git.push", "git.tag.*", "order.*"], ["git.*"]],
      ["git.push", "git.tag.*"],
    ],
    [[["order.*"], ["invoice.*"]], []],
  ] as const) {
    assert.deepEqual(allowedByAll(filters), types);
  }
});

test("what is no place to forward to is refused", () => {
  for (const given of [
    {},
    { forwardTo: "ftp://localhost/" },
    { forwardTo: "http://ada:secret@localhost/" },
    { forwardTo: "3000", exec: "true" },
    { forward: ["order.*"] },
    { forward: ["or*der=3000"] },
  ]) {
    assert.throws(() => targetsOf(given), { code: "USAGE" }, JSON.stringify(given));
  }
});

test("a port, a host with a port and a URL are places; a bare word is a mistake", () => {
  for (const [text, href] of [
    ["3000", "http://localhost:3000/"],
    ["localhost:3000/hook", "http://localhost:3000/hook"],
    ["[::1]:3000", "http://[::1]:3000/"],
    ["http://nonsense", "http://nonsense/"],
    ["HTTPS://shop.example/hook", "https://shop.example/hook"],
  ] as const)
    assert.equal(urlOf(text, "--to").href, href);
  for (const text of ["nonsense", "localhost", "shop.example/hook", "99999", "http:/x", "file:///x", "3000x", ""])
    assert.throws(
      () => urlOf(text, "--to"),
      { message: /^--to must have a port, HOST:PORT or a URL such as http:/ },
      text,
    );
  assert.throws(() => urlOf("localhost/hook", "--to"), { message: /; did you mean http:\/\/localhost\/hook\?$/ });
});

test("a project forwards only to this machine", () => {
  const project = (url: string) => ({ file: ".signalbox.json", forwards: { "*": url } });
  assert.equal(readTargets(NONE, project("http://localhost:3000/")).forwards.length, 1);
  assert.throws(() => readTargets(NONE, project("https://evil.example/")), { code: "PROJECT_FORWARDS_AWAY" });
});

test("every failure has a word of the API", () => {
  const url = new URL("http://localhost:3000/");
  const wordOf = (code: string) => {
    const answer = noAnswer(Object.assign(new Error("failed"), { code }), url);
    return "failure" in answer ? answer.failure : null;
  };
  for (const [code, word] of [
    ["ECONNREFUSED", "connect_refused"],
    ["ETIMEDOUT", "connect_timeout"],
    ["ENOTFOUND", "dns_not_found"],
    ["EAI_AGAIN", "dns_error"],
    ["ECONNRESET", "reset"],
    ["HPE_INVALID_CONSTANT", "protocol_error"],
    ["HPE_HEADER_OVERFLOW", "answer_head_too_large"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "tls_error"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "tls_error"],
    ["EHOSTUNREACH", "connect_error"],
    ["", "connect_error"],
  ] as const) {
    assert.equal(wordOf(code), word, code);
  }
  const errors = ["ENETUNREACH", "ECONNREFUSED"].map((code) => Object.assign(new Error(code), { code }));
  assert.equal(JSON.stringify(noAnswer(new AggregateError(errors), url)).includes("connect_refused"), true);
});

test("at the timeout, a status is the answer if there is one", async (t) => {
  const service = http.createServer((request, response) => {
    if (request.url === "/head") response.writeHead(200).write("part");
    else late.abort();
  });
  t.after(() => service.close().closeAllConnections());
  await once(service.listen(0, "127.0.0.1"), "listening");
  const { port } = service.address() as AddressInfo;
  const poster = new Poster([], { insecure: false });
  const post = (path: string, { signal }: AbortController) =>
    poster.post(new URL(path, `http://127.0.0.1:${port}`), { headers: [], body: "{}", timeoutMs: 60_000, signal });
  const late = new AbortController();
  const none = await post("/none", late);
  assert.deepEqual(none, {
    failure: "response_timeout",
    detail: `127.0.0.1:${port}: no response within 60000 ms`,
  });
  const partial = new AbortController();
  const onHead = () => void setImmediate(() => partial.abort());
  subscribe("http.client.response.finish", onHead);
  t.after(() => unsubscribe("http.client.response.finish", onHead));
  const answer = await post("/head", partial);
  assert.equal("status" in answer && answer.status, 200);
});

test("sentences name what waits, and escape what came from outside", () => {
  const at = new Date("2026-01-31T09:12:34Z");
  const status = { kind: "connected", name: "ada", status: "ACTIVE", again: false } as const;
  const waits = { ...status, waiting: { count: 37, more: false }, waitingSince: at };
  assert.equal(
    connectedSentence(waits, "ep_1", new Date("2026-01-31T23:59:00Z")),
    "Connected. 37 waited since 09:12Z.",
  );
  assert.equal(
    connectedSentence(waits, "ep_1", new Date("2026-02-01T00:00:00Z")),
    "Connected. 37 waited since 2026-01-31T09:12Z.",
  );
  const { detail } = outcomeOf({ status: 500, body: "a\u001b[2Jb\nc" }, true);
  assert.equal(detail, "a\\u001b[2Jb");
});

test("until reads a count and a time", () => {
  assert.deepEqual(readUntil(["delivered=10", "5m"]), { delivered: 10, ms: 300_000 });
  for (const text of ["delivered=0", "delivered=", "soon", "0"])
    assert.throws(() => readUntil([text]), { code: "USAGE" });
});

test("headers are in the environment of a command", () => {
  const headers = [
    ["webhook-id", "evt_1"],
    ["Content-Type", "application/json"],
  ] as const;
  assert.deepEqual(webhookEnvironment({ headers, eventType: "order.paid", attemptNumber: 2 }), {
    WEBHOOK_EVENT_TYPE: "order.paid",
    WEBHOOK_ATTEMPT: "2",
    WEBHOOK_ID: "evt_1",
    WEBHOOK_CONTENT_TYPE: "application/json",
  });
});

const skip = process.platform === "linux" ? false : "only Linux has /proc";
test("a folder that cannot be made for --record is refused at once, also in /proc", { skip }, () => {
  assert.throws(() => new Recorder("/proc/x/y", "http://127.0.0.1:1"), {
    exit: 1,
    code: "FILE_UNWRITABLE",
    message: /^\/proc\/x\/y cannot be written: ENOENT/,
  });
});
