import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { Signalbox } from "../src/index.ts";
import { type SseEvent, SseParser } from "../src/sse.ts";
import { type Answering, hangUp, json, serve } from "./server.ts";

async function connect(test: TestContext, ...answers: Answering[]) {
  const { url, seen } = await serve(test, ...answers);
  const waits: number[] = [];
  const wait = async (ms: number) => {
    waits.push(ms);
  };
  return { client: new Signalbox({ url, apiKey: "sb_test_x", wait }), seen, waits };
}

/** Write these pieces, then end the response. */
const streamed =
  (...pieces: string[]): Answering =>
  (_seen, response) => {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    for (const piece of pieces) response.write(piece);
    response.end();
  };
const event = (id: string) => `id: ${id}\nevent: delivery\ndata: {"id":"del_${id}"}\n\n`;

describe("the stream", () => {
  it("continues after the last event when a connection ends or breaks", async (test) => {
    const { client, seen, waits } = await connect(
      test,
      streamed(": hello\n\nretry: 50\n", event("1"), event("2"), "id: 3\ndata: {"),
      hangUp,
      streamed(event("3")),
    );
    const ids: string[] = [];
    for await (const { id, type, data } of client.stream()) {
      assert.equal(type, "delivery");
      assert.equal(data.id, `del_${id}`);
      if (ids.push(id) === 3) break;
    }
    assert.deepEqual(ids, ["1", "2", "3"]);
    assert.deepEqual(
      seen.map(({ headers }) => headers["last-event-id"]),
      [undefined, "2", "2"],
    );
    assert.deepEqual(waits, [50, 50]);
    assert.equal(seen[0]?.headers.authorization, "Bearer sb_test_x");
  });

  it("follows several topics, and resumes after the last outcome", async (test) => {
    const change = 'event: endpoint\ndata: {"endpoint_id":"ep_1","change":"created"}\n\n';
    const { client, seen } = await connect(test, streamed(event("1"), change), streamed(event("2")));
    const got: string[] = [];
    const options = {
      topics: ["delivery", "endpoint"],
      endpointId: "ep_1",
      status: ["FAILED"],
      maxPerSecond: 20,
    } as const;
    for await (const each of client.follow(options)) {
      if (got.push(each.type === "endpoint" ? each.data.change : each.type) === 3) break;
    }
    assert.deepEqual(got, ["delivery", "created", "delivery"]);
    assert.deepEqual(
      seen.map(({ url, headers }) => [url, headers["last-event-id"]]),
      [undefined, "1"].map((id) => [
        "/v1/stream?topics=delivery%2Cendpoint&endpoint_id=ep_1&status=FAILED&max_per_second=20",
        id,
      ]),
    );
  });

  it("resumes at the position that the server sends without an event", async (test) => {
    const { client, seen } = await connect(
      test,
      streamed(": open\nid: 8\n\n: still here\nid: 9\n"),
      streamed(event("10")),
    );
    const opened: [boolean, string][] = [];
    const onConnection = (open: boolean, lastEventId: string) => opened.push([open, lastEventId]);
    for await (const _event of client.stream({ onConnection })) break;
    assert.equal(seen[1]?.headers["last-event-id"], "8");
    assert.deepEqual(opened, [
      [true, "8"],
      [false, "8"],
      [true, "8"],
    ]);
  });

  it("starts after the event that the caller names", async (test) => {
    const { client, seen } = await connect(test, streamed(event("8")));
    for await (const _event of client.stream({ lastEventId: "7" })) break;
    assert.equal(seen[0]?.headers["last-event-id"], "7");
  });

  it("ends without an error when the signal is aborted, even while it waits for an event", async (test) => {
    const controller = new AbortController();
    const { client } = await connect(test, (_seen, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(event("1"));
    });
    const ids: string[] = [];
    for await (const { id } of client.stream({ signal: controller.signal })) {
      ids.push(id);
      queueMicrotask(() => controller.abort());
    }
    assert.deepEqual(ids, ["1"]);
  });

  it("closes its connection when the loop is left", async (test) => {
    const closed = Promise.withResolvers<void>();
    const { client } = await connect(test, (_seen, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(event("1"));
      response.on("close", closed.resolve);
    });
    for await (const _event of client.stream()) break;
    await closed.promise;
  });

  it("ends with the server's error when it is refused, and reports a response that is not a stream", async (test) => {
    const refused = json(401, { error: { code: "UNAUTHORIZED", message: "no such key" } });
    const { client, seen } = await connect(test, refused, json(200, {}), streamed("data: {\n\n"));
    await assert.rejects(client.stream().next(), { status: 401, code: "UNAUTHORIZED" });
    await assert.rejects(client.stream().next(), { code: "PROTOCOL_ERROR" });
    await assert.rejects(client.stream().next(), { code: "PROTOCOL_ERROR" });
    assert.equal(seen.length, 3);
  });

  it("waits as long as a busy server requests, and longer for each failure, up to ten times", async (test) => {
    const busy = json(503, { error: { code: "BUSY", message: "later" } }, { "retry-after": "7" });
    const { client, seen, waits } = await connect(test, busy, hangUp);
    await assert.rejects(client.stream().next(), { status: 0, code: "NETWORK_ERROR" });
    assert.equal(seen.length, 10);
    assert.deepEqual(waits, [7000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000]);
  });

  it("waits for a server that is away for as long as the caller wants", async (test) => {
    const refused = json(401, { error: { code: "UNAUTHORIZED", message: "no such key" } });
    const { client, waits } = await connect(test, ...new Array<Answering>(30).fill(hangUp), refused);
    const options = { failuresMax: Number.POSITIVE_INFINITY };
    await assert.rejects(client.stream(options).next(), { status: 401 });
    assert.equal(waits.length, 30);
    await assert.rejects(
      connect(test, hangUp).then((other) => other.client.stream({ failuresMax: 1 }).next()),
      {
        code: "NETWORK_ERROR",
      },
    );
  });
});

describe("the parser of server-sent events", () => {
  const parse = (pieces: readonly string[], lastEventId = ""): SseEvent[] => {
    const parser = new SseParser(lastEventId);
    return pieces.flatMap((piece) => parser.push(piece));
  };

  it("parses ids, types, several data lines, comments and all line endings", () => {
    const text =
      "\ufeff: comment\nid: 1\nevent: a\ndata: x\ndata:y\ndata\n\n\r\ndata: z\r\n\r\nid\ndata:  w\r\rid: \u0000\n";
    assert.deepEqual(parse([text, "data: last\n\n"]), [
      { type: "a", data: "x\ny\n", lastEventId: "1" },
      { type: "message", data: "z", lastEventId: "1" },
      { type: "message", data: " w", lastEventId: "" },
      { type: "message", data: "last", lastEventId: "" },
    ]);
  });

  it("finds the same events no matter where the text is split", () => {
    const lines = fc.constantFrom(
      "data: a",
      "data",
      "id: 5",
      "event: b",
      ": c",
      "",
      "",
      "other: x",
      "data:\ud83d\ude00",
    );
    const ends = fc.constantFrom("\n", "\r\n", "\r");
    const text = fc.array(fc.tuple(lines, ends)).map((pairs) => `${pairs.flat().join("")}:\n`);
    fc.assert(
      fc.property(text, fc.array(fc.nat(200)), (whole, cuts) => {
        const places = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length];
        const pieces = places.slice(1).map((end, index) => whole.slice(places[index], end));
        assert.deepEqual(parse(pieces), parse([whole]));
      }),
    );
  });

  it("rejects an endless event", () => {
    const parser = new SseParser("");
    assert.throws(() => parser.push(`data: ${"x".repeat(1024 * 1024)}`), { code: "PROTOCOL_ERROR" });
  });
});
