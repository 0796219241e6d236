import assert from "node:assert/strict";
import { it, type TestContext } from "node:test";
import { type ListenRequest, type ListenStatus, Signalbox, SignalboxError } from "../src/index.ts";
import { type Answering, hangUp, json, type Seen, serve } from "./server.ts";

const OPENED = { name: "cli/ada", status: "ACTIVE", waiting: { count: 2, more: false }, waiting_since: null };
const event = (type: string, data: object): string => `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
const attempt = (token: string, timeoutMs = 30_000, maxInFlight = 8): string =>
  event("attempt", {
    token,
    delivery_id: `del_${token}`,
    event_id: `evt_${token}`,
    event_type: "order.paid",
    attempt_number: 1,
    deadline_at: "2026-01-01T00:00:30.000Z",
    timeout_ms: timeoutMs,
    max_in_flight: maxInFlight,
    headers: [["webhook-id", `evt_${token}`]],
    body: '{"n":1.0}',
    test: false,
  });

/** A stream that stays open until the test writes its end. */
type Streaming = (write: (text: string) => void, end: () => void) => void;

interface Setting {
  readonly streams: readonly (Streaming | Answering)[];
  readonly results?: Answering;
}

const isStreaming = (given: Streaming | Answering): given is Streaming => given.name === "stream";

/** Streams are served in turn, and results are accepted unless the test says otherwise. */
async function connect(test: TestContext, { streams, results = accepted }: Setting) {
  const queries: URLSearchParams[] = [];
  const reports: object[] = [];
  const { url, seen } = await serve(test, (one, response) => {
    if (one.url.endsWith("/results")) {
      reports.push(...(JSON.parse(one.body) as { results: object[] }).results);
      return results(one, response);
    }
    queries.push(new URL(one.url, "http://x").searchParams);
    const next = streams[Math.min(queries.length, streams.length) - 1];
    if (next === undefined || !isStreaming(next)) return next?.(one, response);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(event("open", OPENED));
    next(
      (text) => void response.write(text),
      () => void response.end(),
    );
  });
  const statuses: ListenStatus[] = [];
  const waits: number[] = [];
  const wait = async (ms: number) => void waits.push(ms);
  const client = new Signalbox({ url, apiKey: "sb_test_x", wait, retries: 0 });
  const onStatus = (status: ListenStatus) => void statuses.push(status);
  return {
    client,
    options: { listener: "ep_1", reader: "ada@laptop", onStatus },
    queries,
    reports,
    statuses,
    waits,
    seen,
  };
}

const accepted: Answering = ({ body }: Seen, response) => {
  const { results } = JSON.parse(body) as { results: { token: string }[] };
  json(200, { results: results.map(({ token }) => ({ token, accepted: true })) })({} as Seen, response);
};

const stream = (run: Streaming): Streaming => Object.defineProperty(run, "name", { value: "stream" });

it("the answer of the handler is the result, and an error that it throws is a 500", async (test) => {
  const requests: ListenRequest[] = [];
  const { client, options, reports, statuses } = await connect(test, {
    streams: [stream((write) => write(attempt("a") + attempt("b") + attempt("c")))],
  });
  const leaving = new AbortController();
  const onStatus = (status: ListenStatus) => {
    options.onStatus(status);
    if (statuses.filter(({ kind }) => kind === "attemptEnded").length === 3) leaving.abort();
  };
  const end = await client.listen({ ...options, signal: leaving.signal, onStatus }, (request) => {
    requests.push(request);
    if (request.deliveryId === "del_a") return { status: 202, headers: [["x-a", "1"]], body: "b".repeat(20_000) };
    if (request.deliveryId === "del_b") return { failure: "connect_refused", detail: "nothing there" };
    throw new Error("broken");
  });
  assert.deepEqual(end, { reason: "aborted" });
  assert.deepEqual(
    [...reports].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    [
      { token: "a", status: 202, headers: [["x-a", "1"]], body: "b".repeat(16 * 1024) },
      { token: "b", classification: "connect_refused", detail: "nothing there" },
      { token: "c", status: 500, headers: [], body: "broken" },
    ],
  );
  const [first] = requests;
  assert.deepEqual(
    [first?.eventId, first?.eventType, first?.body, first?.isTest],
    ["evt_a", "order.paid", '{"n":1.0}', false],
  );
  const { kind, waiting, again } = statuses[0] as Extract<ListenStatus, { kind: "connected" }>;
  assert.deepEqual([kind, waiting, again], ["connected", { count: 2, more: false }, false]);
});

it("a stream that breaks is opened again in the same session, and takes over only the first time", async (test) => {
  const leaving = new AbortController();
  const { client, options, queries, statuses, waits } = await connect(test, {
    streams: [
      stream((write, end) => {
        write(attempt("a"));
        setTimeout(end, 20); // tidy-allow timer: after the attempt has started, the stream ends
      }),
      hangUp,
      json(503, { error: { code: "STORE_UNAVAILABLE", message: "Wait." } }, { "retry-after": "2" }),
      stream(() => undefined),
    ],
  });
  const onStatus = (status: ListenStatus) => {
    options.onStatus(status);
    if (status.kind === "connected" && status.again) leaving.abort();
  };
  let aborted = false;
  const end = await client.listen({ ...options, onStatus, takeover: true, signal: leaving.signal }, ({ signal }) => {
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        aborted = true;
        resolve({ status: 200 });
      });
    });
  });
  assert.deepEqual([end, aborted], [{ reason: "aborted" }, true]);
  assert.deepEqual(
    queries.map((query) => query.get("takeover")),
    ["true", null, null, null],
  );
  assert.equal(new Set(queries.map((query) => query.get("session"))).size, 1);
  assert.equal(waits.length, 3);
  assert.ok((waits[0] ?? 0) <= 250 && (waits[1] ?? 0) <= 500 && waits[2] === 2000, String(waits));
  assert.deepEqual(
    statuses.map(({ kind }) => kind).filter((kind) => kind !== "attemptStarted"),
    ["connected", "attemptOver", "reconnecting", "reconnecting", "reconnecting", "connected"],
  );
});

it("attempts beyond max_in_flight start in their order when another one ends", async (test) => {
  const { client, options, queries } = await connect(test, {
    streams: [stream((write) => write(["a", "b", "c"].map((token) => attempt(token, 30_000, 1)).join("")))],
  });
  const leaving = new AbortController();
  const order: string[] = [];
  await client.listen({ ...options, signal: leaving.signal }, async ({ deliveryId, deadlineAt }) => {
    order.push(`${deliveryId} starts`);
    assert.ok(deadlineAt >= new Date("2026-01-01T00:00:30.000Z"));
    await new Promise(setImmediate);
    order.push(`${deliveryId} ends`);
    if (deliveryId === "del_c") leaving.abort();
    return { status: 200 };
  });
  assert.deepEqual(
    order,
    ["a", "b", "c"].flatMap((token) => [`del_${token} starts`, `del_${token} ends`]),
  );
  assert.equal(queries[0]?.get("ahead"), "100");
});

it("an attempt that takes too long is reported, and one that is over is not", async (test) => {
  const { client, options, reports } = await connect(test, {
    streams: [stream((write) => write(attempt("slow", 10) + attempt("over") + event("over", { token: "over" })))],
  });
  const leaving = new AbortController();
  const onStatus = ({ kind }: ListenStatus) => (kind === "attemptEnded" ? leaving.abort() : undefined);
  const never = new Promise<never>(() => undefined);
  await client.listen({ ...options, onStatus, signal: leaving.signal }, () => never);
  const detail = "there was no response within 10 ms";
  assert.deepEqual(reports, [{ token: "slow", classification: "response_timeout", detail }]);
});

it("at its timeout a handler may still answer with what it has, and an error that it throws is the timeout", async (test) => {
  const { client, options, reports, statuses } = await connect(test, {
    streams: [stream((write) => write(attempt("partial", 10) + attempt("thrown", 10)))],
  });
  const leaving = new AbortController();
  const onStatus = (status: ListenStatus) => {
    options.onStatus(status);
    if (statuses.filter(({ kind }) => kind === "attemptEnded").length === 2) leaving.abort();
  };
  await client.listen({ ...options, onStatus, signal: leaving.signal }, ({ deliveryId, signal }) => {
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => {
        if (deliveryId === "del_partial") resolve({ status: 200, body: "part" });
        else reject(signal.reason);
      });
    });
  });
  const detail = "there was no response within 10 ms";
  assert.deepEqual(
    [...reports].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    [
      { token: "partial", status: 200, headers: [], body: "part" },
      { token: "thrown", classification: "response_timeout", detail },
    ],
  );
});

it("an answer that the server would refuse is brought within its bounds", async (test) => {
  const { client, options, reports } = await connect(test, {
    streams: [stream((write) => write(attempt("a") + attempt("b")))],
  });
  const leaving = new AbortController();
  const onStatus = () => (reports.length === 2 ? leaving.abort() : undefined);
  await client.listen({ ...options, onStatus, signal: leaving.signal }, ({ deliveryId }) =>
    deliveryId === "del_a"
      ? { status: 0 }
      : { status: 200, timings: { dns_ms: -1, connect_ms: 1.4, tls_ms: null, first_byte_ms: 1e308 } },
  );
  assert.deepEqual(
    [...reports].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    [
      { token: "a", classification: "protocol_error", detail: "0 is not an HTTP status" },
      {
        token: "b",
        status: 200,
        headers: [],
        body: "",
        timings: { dns_ms: 0, connect_ms: 1, tls_ms: null, first_byte_ms: 60_000 },
      },
    ],
  );
});

it("results that hang are given up with their stream, and do not keep those of the next one waiting", async (test) => {
  let first = { write: (_: string) => undefined as unknown, end: () => undefined as unknown };
  const tokens: string[] = [];
  const { client, options } = await connect(test, {
    streams: [
      stream((write, end) => {
        first = { write, end };
        write(attempt("a"));
      }),
      stream((write) => write(attempt("c"))),
    ],
    results(one, response) {
      tokens.push(...JSON.parse(one.body).results.map(({ token }: { token: string }) => token));
      if (tokens.length === 1) first.write(attempt("b"));
      else if (tokens.length === 2) first.end();
      else accepted(one, response);
    },
  });
  const ended: string[] = [];
  const leaving = new AbortController();
  const onStatus = (status: ListenStatus) => {
    if (status.kind !== "attemptEnded") return;
    ended.push(status.request.deliveryId);
    leaving.abort();
  };
  await client.listen({ ...options, onStatus, signal: leaving.signal }, () => ({ status: 200 }));
  assert.deepEqual([tokens, ended], [["a", "b", "c"], ["del_c"]]);
});

it("what was sent before the machine slept is left to the next connection", async (test) => {
  test.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  let writeFirst = (_: string) => undefined as unknown;
  const { client, options, statuses } = await connect(test, {
    streams: [
      stream((write) => {
        writeFirst = write;
      }),
      stream((write) => write(attempt("b"))),
    ],
  });
  const leaving = new AbortController();
  const onStatus = (status: ListenStatus) => {
    options.onStatus(status);
    if (status.kind === "attemptEnded") leaving.abort();
    if (status.kind !== "connected" || status.again) return;
    setImmediate(() => {
      test.mock.timers.setTime(Date.now() + 60_000);
      writeFirst(attempt("a"));
    });
  };
  const handled: string[] = [];
  await client.listen({ ...options, onStatus, signal: leaving.signal }, ({ deliveryId }) => {
    handled.push(deliveryId);
    return { status: 200 };
  });
  assert.deepEqual(handled, ["del_b"]);
  const lost = statuses.find(({ kind }) => kind === "reconnecting");
  assert.equal(lost?.kind === "reconnecting" && lost.error?.code, "TIMEOUT");
});

it("ends when the server says so, and rejects what it refuses", async (test) => {
  const busy = {
    error: { code: "LISTENER_BUSY", message: "Busy.", details: [{ field: "reader", rule: "bob@desk since now" }] },
  };
  const nothing = () => ({ status: 200 });
  const of = async (...streams: (Streaming | Answering)[]) => {
    const { client, options } = await connect(test, { streams });
    return client.listen(options, nothing);
  };
  const ending = (type: string, data: object) => stream((write) => write(event(type, data)));
  assert.deepEqual(await of(ending("displaced", { by: "bob@desk" })), { reason: "displaced", by: "bob@desk" });
  assert.deepEqual(await of(ending("end", { reason: "deleted" })), { reason: "deleted" });
  const broken = stream((_, end) => end());
  assert.deepEqual(await of(broken, json(409, busy)), { reason: "displaced", by: "bob@desk" });
  const gone = { error: { code: "ENDPOINT_NOT_FOUND", message: "There is no such endpoint." } };
  assert.deepEqual(await of(broken, json(404, {}), json(404, gone)), { reason: "deleted" });
  assert.deepEqual(await of(ending("end", { reason: "stopping" }), ending("end", { reason: "deleted" })), {
    reason: "deleted",
  });
  const isRefused = (status: number) => (error: unknown) => error instanceof SignalboxError && error.status === status;
  await assert.rejects(of(json(409, busy)), isRefused(409));
  await assert.rejects(of(json(404, {})), isRefused(404));
  await assert.rejects(of(ending("end", { reason: "unauthorized" })), isRefused(401));
});
