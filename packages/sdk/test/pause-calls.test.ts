/** The pause calls against a server with responses that the test supplies. `pauses.test.ts` uses a real server. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { isPauseEvent, type PauseEvent, Signalbox, SignalboxError, sign, verify } from "../src/index.ts";
import { PENDING, QUESTION } from "./pending-pause.ts";
import { type Answering, hangUp, json, type Seen, serve } from "./server.ts";

const KEY = `sb_test_${"0".repeat(48)}`;
const CREATED = { pause_id: "psr_1", status: "pending", respond_url: "http://localhost/respond/t" };
const RESPONDED = { ...PENDING, status: "responded", response_choice: "Approve", respond_url: null };
const TIMED_OUT = { ...PENDING, status: "timed_out", respond_url: null };
const CANCELLED = { ...PENDING, status: "cancelled", respond_url: null };

async function connect(test: TestContext, ...answers: Answering[]) {
  const { url, seen } = await serve(test, ...answers);
  const waits: number[] = [];
  const wait = async (ms: number) => {
    waits.push(ms);
  };
  return { client: new Signalbox({ url, apiKey: KEY, wait }), seen, waits };
}

const requests = (seen: readonly Seen[]): string[] => seen.map(({ method, url }) => `${method} ${url}`);
const refusal = (status: number, code: string, headers: Record<string, string> = {}) =>
  json(status, { error: code, message: "no", status_code: status }, headers);
const keyOf = (seen: Seen | undefined) => seen?.headers["idempotency-key"];

/** Send the head and half of the body, then nothing more. */
const cutShort: Answering = (_seen, response) => {
  const body = JSON.stringify(RESPONDED);
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
  response.write(body.slice(0, body.length / 2), () => response.destroy());
};

describe("a pause", () => {
  it("is created, read, listed and cancelled with the requests that the server expects", async (test) => {
    const { client, seen } = await connect(
      test,
      json(201, CREATED),
      json(200, PENDING),
      json(200, PENDING),
      json(200, { pauses: [PENDING], has_more: false, next_cursor: null }),
      json(200, CANCELLED),
    );
    const asked = await client.pause({ ...QUESTION, channel: "email", recipient: "ann@example.com" });
    assert.deepEqual(asked, CREATED);
    assert.deepEqual(await client.getPause("psr_1"), PENDING);
    await client.getPause("../keys?x", { wait: 60 });
    const page = await client.listPauses({ status: "pending", limit: 5, cursor: "c1" });
    assert.deepEqual(page, { pauses: [PENDING], has_more: false, next_cursor: null });
    assert.equal((await client.cancelPause("psr_1")).status, "cancelled");
    assert.deepEqual(requests(seen), [
      "POST /v1/pause",
      "GET /v1/pause/psr_1",
      "GET /v1/pause/..%2Fkeys%3Fx?wait=60",
      "GET /v1/pause?status=pending&limit=5&cursor=c1",
      "DELETE /v1/pause/psr_1",
    ]);
    const body = JSON.parse(seen[0]?.body ?? "");
    assert.deepEqual(body, { ...QUESTION, channel: "email", recipient: "ann@example.com" });
  });

  it("is created again with the same key when the first response is lost, and each pause has its own key", async (test) => {
    const { client, seen } = await connect(test, hangUp, cutShort, json(201, CREATED));
    assert.deepEqual(await client.pause(QUESTION), CREATED);
    await client.pause(QUESTION);
    await client.pause(QUESTION, { idempotencyKey: "invoice-7" });
    const [first, second, third, other, own] = seen.map(keyOf);
    assert.match(String(first), /^[!-~]{20,255}$/);
    assert.deepEqual([second, third], [first, first]);
    assert.notEqual(other, first);
    assert.equal(own, "invoice-7");
  });

  it("counts as cancelled by this call if the call's first response was lost, and only then", async (test) => {
    const refused = refusal(409, "ALREADY_CANCELLED");
    const lost = await connect(test, hangUp, refused, json(200, CANCELLED));
    assert.deepEqual(await lost.client.cancelPause("psr_1"), CANCELLED);
    assert.deepEqual(requests(lost.seen), ["DELETE /v1/pause/psr_1", "DELETE /v1/pause/psr_1", "GET /v1/pause/psr_1"]);
    for (const [answers, code] of [
      [[refused], "ALREADY_CANCELLED"],
      [[hangUp, refusal(409, "ALREADY_RESPONDED")], "ALREADY_RESPONDED"],
      [[hangUp, refusal(404, "PAUSE_NOT_FOUND")], "PAUSE_NOT_FOUND"],
    ] as const) {
      const { client, seen } = await connect(test, ...answers);
      await assert.rejects(client.cancelPause("psr_1"), { code });
      assert.equal(seen.length, answers.length);
    }
  });

  it("is listed page by page", async (test) => {
    const { client, seen } = await connect(
      test,
      json(200, { pauses: [{ pause_id: "psr_2" }], has_more: true, next_cursor: "c1" }),
      json(200, { pauses: [{ pause_id: "psr_1" }], has_more: false, next_cursor: null }),
    );
    const ids: string[] = [];
    for await (const pause of client.iteratePauses({ status: "responded" })) ids.push(pause.pause_id);
    assert.deepEqual(ids, ["psr_2", "psr_1"]);
    assert.deepEqual(requests(seen), ["GET /v1/pause?status=responded", "GET /v1/pause?status=responded&cursor=c1"]);
  });
});

describe("waiting for a pause", () => {
  it("sends nothing when the time to wait is not a number", async (test) => {
    const { client, seen } = await connect(test, json(200, PENDING));
    for (const wrong of [Number.NaN, -1, "5m", null]) {
      const time = wrong as number;
      const named = (name: string) => ({ name: "TypeError", message: new RegExp(`^${name} must be a finite number`) });
      await assert.rejects(client.waitForPause("psr_1", { timeoutMs: time }), named("timeoutMs"));
      await assert.rejects(client.getPause("psr_1", { wait: time }), named("wait"));
    }
    assert.equal(seen.length, 0);
  });

  it("returns each of the three endings", async (test) => {
    for (const ended of [RESPONDED, TIMED_OUT, CANCELLED]) {
      const { client, seen, waits } = await connect(test, json(200, ended));
      assert.deepEqual(await client.waitForPause("psr_1"), ended);
      assert.deepEqual(requests(seen), ["GET /v1/pause/psr_1?wait=60"]);
      assert.deepEqual(waits, []);
    }
  });

  it("allows the server to wait as long as requested", async (test) => {
    const asked = Promise.withResolvers<http.ServerResponse>();
    const { client, seen } = await connect(test, (_seen, response) => asked.resolve(response));
    const timers = test.mock.method(globalThis, "setTimeout");
    const ending = client.waitForPause("psr_1");
    const response = await asked.promise;
    const deadlines = timers.mock.calls.map(({ arguments: [, ms] }) => ms);
    assert.ok(deadlines.includes(75_000), "a request that may take 60 s times out after 75 s");
    response.end(JSON.stringify(RESPONDED));
    assert.equal((await ending).response_choice, "Approve");
    assert.equal(seen.length, 1);
  });

  it("continues after lost connections, gateway errors and busy servers", async (test) => {
    const { client, seen, waits } = await connect(
      test,
      hangUp,
      cutShort,
      refusal(503, "STORE_UNAVAILABLE", { "retry-after": "7" }),
      refusal(429, "RATE_LIMITED", { "retry-after": "3600" }),
      (_seen, response) => void response.writeHead(502, { "content-type": "text/html" }).end("<html>"),
      (_seen, response) => void response.writeHead(504).end(),
      refusal(503, "STORE_UNAVAILABLE"),
      json(200, RESPONDED),
    );
    assert.deepEqual(await client.waitForPause("psr_1"), RESPONDED);
    assert.ok(seen.every(({ url }) => url === "/v1/pause/psr_1?wait=60"));
    const bounds = [250, 500, 7000, 60_000, 4000, 8000, 10_000];
    assert.equal(waits.length, bounds.length);
    for (const [index, most] of bounds.entries()) {
      const wait = waits[index] ?? 0;
      assert.ok(wait >= most / 2 && wait <= most, `wait ${index}: ${wait} of ${most}`);
    }
    assert.deepEqual(waits.slice(2, 4), [7000, 60_000]);
  });

  it("tells of the pause while it is pending, and of requests that it repeats", async (test) => {
    const { client } = await connect(test, json(200, PENDING), hangUp, json(200, PENDING), json(200, RESPONDED));
    const told: string[] = [];
    await client.waitForPause("psr_1", {
      onPending: ({ status }) => told.push(status),
      onRetry: ({ code }) => told.push(code),
    });
    assert.deepEqual(told, ["pending", "NETWORK_ERROR", "pending"]);
  });

  it("survives a long outage of the server, asking at least every 10 s", async (test) => {
    const away = Array.from({ length: 40 }, () => hangUp);
    const { client, seen, waits } = await connect(test, ...away, json(200, TIMED_OUT));
    assert.equal((await client.waitForPause("psr_1")).status, "timed_out");
    assert.equal(seen.length, 41);
    assert.ok(waits.every((ms) => ms <= 10_000));
    assert.ok(waits.slice(10).every((ms) => ms >= 5000));
  });

  it("finds the server again after a restart", async (test) => {
    const first = await startAt(test, 0, (stop) => stop());
    let waited = 0;
    const wait = async () => {
      waited += 1;
      // The first three times, nothing listens on the port.
      if (waited === 4) await startAt(test, first, (_stop, response) => response.end(JSON.stringify(RESPONDED)));
    };
    const client = new Signalbox({ url: `http://127.0.0.1:${first}`, apiKey: KEY, wait });
    assert.deepEqual(await client.waitForPause("psr_1"), RESPONDED);
    assert.equal(waited, 4);
  });

  it("delays the next request when the response 'pending' arrives immediately", async (test) => {
    const { client, waits } = await connect(test, json(200, PENDING), json(200, PENDING), json(200, RESPONDED));
    await client.waitForPause("psr_1");
    assert.equal(waits.length, 2);
    assert.ok(waits.every((ms, index) => ms >= 125 * 2 ** index));
  });

  it("asks again immediately after a 'pending' that took as long as requested", async (test) => {
    let now = 0;
    test.mock.method(performance, "now", () => now);
    const aMinuteLater: Answering = (seen, response) => {
      now += 60_000;
      json(200, PENDING)(seen, response);
    };
    const { client, seen, waits } = await connect(
      test,
      hangUp,
      aMinuteLater,
      aMinuteLater,
      hangUp,
      json(200, RESPONDED),
    );
    await client.waitForPause("psr_1");
    assert.equal(seen.length, 5);
    // Each failure is the first of its series.
    assert.equal(waits.length, 2);
    assert.ok(waits.every((ms) => ms <= 250));
  });

  it("stops immediately at a permanent error", async (test) => {
    const refusals: readonly (readonly [Answering, string])[] = [
      [refusal(401, "INVALID_API_KEY"), "INVALID_API_KEY"],
      [refusal(403, "FORBIDDEN"), "FORBIDDEN"],
      [refusal(404, "PAUSE_NOT_FOUND"), "PAUSE_NOT_FOUND"],
      [refusal(422, "VALIDATION_ERROR"), "VALIDATION_ERROR"],
      [(_seen, response) => void response.writeHead(308, { location: "/elsewhere" }).end(), "HTTP_308"],
      [(_seen, response) => void response.end("hello"), "PROTOCOL_ERROR"],
      [json(200, { status: "ok" }), "PROTOCOL_ERROR"],
    ];
    for (const [answer, code] of refusals) {
      const { client, seen, waits } = await connect(test, answer);
      await assert.rejects(client.waitForPause("psr_1"), { name: "SignalboxError", code });
      assert.equal(seen.length, 1);
      assert.deepEqual(waits, []);
    }
  });

  it("ends after timeoutMs with the last failure as the cause, and never waits longer", async (test) => {
    let now = 0;
    test.mock.method(performance, "now", () => now);
    test.mock.method(Math, "random", () => 1);
    const { url, seen } = await serve(test, hangUp);
    const waits: number[] = [];
    const wait = async (ms: number) => {
      waits.push(ms);
      now += ms;
    };
    const client = new Signalbox({ url, apiKey: KEY, wait });
    const error = await client.waitForPause("psr_1", { timeoutMs: 4250 }).catch((error: unknown) => error);
    assert.ok(error instanceof SignalboxError);
    assert.deepEqual([error.status, error.code, error.message], [0, "TIMEOUT", "The pause did not end within 4.25 s."]);
    assert.ok(error.cause instanceof SignalboxError);
    assert.equal(error.cause.code, "NETWORK_ERROR");
    assert.deepEqual(waits, [250, 500, 1000, 2000, 500]);
    assert.deepEqual(
      seen.map(({ url }) => url.slice(url.indexOf("?"))),
      ["?wait=5", "?wait=4", "?wait=4", "?wait=3", "?wait=1"],
    );
  });

  it("ends after timeoutMs even while the server is silent", async (test) => {
    const { client } = await connect(test, () => undefined);
    await assert.rejects(client.waitForPause("psr_1", { timeoutMs: 1 }), { code: "TIMEOUT" });
  });

  it("ends with the signal's reason, closes its connection and sends no more requests", async (test) => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const closed = Promise.withResolvers<void>();
    const { client, seen } = await connect(test, (_seen, response) => {
      response.on("close", closed.resolve);
      controller.abort(reason);
    });
    await assert.rejects(client.waitForPause("psr_1", { signal: controller.signal }), reason);
    await closed.promise;
    await assert.rejects(client.waitForPause("psr_1", { signal: controller.signal }), reason);
    assert.equal(seen.length, 1);
  });

  it("ends with the signal's reason even between two requests", async (test) => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const { url } = await serve(test, hangUp);
    const wait = async (_ms: number, signal?: AbortSignal) => {
      controller.abort(reason);
      signal?.throwIfAborted();
    };
    const client = new Signalbox({ url, apiKey: KEY, wait });
    await assert.rejects(client.waitForPause("psr_1", { signal: controller.signal }), reason);
  });
});

/** A server on a given port (0: a free one). `stop` closes its connections and releases the port. */
async function startAt(
  test: TestContext,
  port: number,
  answer: (stop: () => void, response: http.ServerResponse) => void,
): Promise<number> {
  const server = http.createServer((_request, response) => answer(stop, response));
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  test.after(stop);
  return (server.address() as AddressInfo).port;
}

describe("the events of a pause", () => {
  const secret = "0123456789abcdef0123456789abcdef";
  const envelope = { pause_id: "psr_1", developer_id: "dev_1", timestamp: "2026-05-08T14:23:00Z" };
  const at = "2026-05-08T14:23:00Z";
  const events: readonly PauseEvent[] = [
    {
      event: "pause.responded",
      ...envelope,
      data: { choice: "Approve", text: "fine", response_at: at, metadata: { amount: 340 } },
    },
    { event: "pause.timed_out", ...envelope, data: { choice: null, response_at: null, metadata: null } },
    { event: "pause.cancelled", ...envelope, data: { choice: null, text: null, response_at: null, metadata: null } },
  ];

  /** How a receiver would handle them. */
  function outcome(event: PauseEvent): string {
    switch (event.event) {
      case "pause.responded":
        return `${event.data.choice}: ${event.data.text ?? ""}`;
      case "pause.timed_out":
        return event.data.choice ?? "timed out";
      case "pause.cancelled":
        return `cancelled ${event.pause_id}`;
    }
  }

  it("can be distinguished in a verified body", async () => {
    const outcomes: string[] = [];
    for (const event of events) {
      const body = JSON.stringify(event);
      const headers = await sign({ secret, body, format: "pausepoint" });
      const webhook = await verify({ body, headers, secret, scheme: "standard" });
      if (isPauseEvent(webhook.body)) outcomes.push(outcome(webhook.body));
    }
    assert.deepEqual(outcomes, ["Approve: fine", "timed out", "cancelled psr_1"]);
  });

  it("are not confused with other bodies", () => {
    const [event] = events;
    const others: readonly unknown[] = [
      { ...event, event: "pause.created" },
      { ...event, event: "test", pause_id: undefined },
      { ...event, pause_id: undefined },
      { ...event, data: null },
      { ...event, data: "x" },
      { type: "pause.responded", timestamp: at, data: {} },
      null,
      [],
      "pause.responded",
    ];
    assert.deepEqual(
      others.map((other) => isPauseEvent(other)),
      others.map(() => false),
    );
  });
});
