import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { after, test } from "node:test";
import { newTenant } from "../harness/server.ts";
import { sharedServer } from "../processes/one-server.ts";

const server = await sharedServer({ after });
const client = await newTenant(server);
const KB = 1024;

/** Sends bytes, and returns what the server sends until it closes the connection. */
async function sendBytes(bytes: string): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const socket = net.connect(Number(port), hostname);
  let answer = "";
  socket.on("data", (chunk: Buffer) => {
    answer += chunk.toString("latin1");
  });
  socket.on("error", () => socket.destroy());
  socket.write(bytes, "latin1");
  await once(socket, "close");
  return answer;
}

test("a body that is not an unambiguous JSON object is 400 with the reason", async () => {
  const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${"}".repeat(levels - 1)}`;
  const bodies: readonly [string | Uint8Array, RegExp][] = [
    ["{nope", /valid JSON/],
    ["[]", /JSON object/],
    ["null", /JSON object/],
    ['"text"', /JSON object/],
    [nested(65), /deeper than 64 levels/],
    [`{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}`, /deeper than 64 levels/],
    ['{"name":"a","name":"b"}', /repeat the key "name"/],
    ['{"name":"a","n\\u0061me":"b"}', /repeat the key "name"/],
    ['\ufeff{"name":"a"}', /byte-order mark/],
    [Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]), /valid UTF-8/],
    [Buffer.from('{"a":1}', "utf16le"), /valid JSON/],
  ];
  for (const path of ["/v1/endpoints", "/v1/events", "/v1/replays", "/v1/events/batch"]) {
    for (const [body, rule] of bodies) {
      if (path.endsWith("batch") && /deeper/.test(rule.source)) continue;
      const answer = await client.request("POST", path, { body });
      assert.deepEqual([answer.status, answer.code], [400, "VALIDATION_ERROR"], `${path} ${answer.text}`);
      assert.match(answer.body.error.message, rule);
    }
  }
});

test("millions of brackets are refused before they are parsed", async () => {
  const brackets = 3_500_000;
  const deep = `{"type":"a","payload":{"a":${"[".repeat(brackets)}${"]".repeat(brackets)}}}`;
  const answer = await client.request("POST", "/v1/events/batch", {
    body: `{"events":[${deep},{"type":"a","payload":{}}]}`,
  });
  assert.deepEqual([answer.status, answer.code], [400, "VALIDATION_ERROR"]);
});

test("__proto__ and constructor are unknown fields of a management body like any other", async () => {
  const answer = await client.request("POST", "/v1/endpoints", {
    body: '{"url":"http://127.0.0.1:9/","__proto__":{"ordered":true},"constructor":{"prototype":{"x":1}}}',
  });
  assert.deepEqual([answer.status, answer.faultyFields], [400, ["__proto__", "constructor"]]);
  assert.equal(Reflect.get({}, "x"), undefined);
});

test("each kind of body has its limit", async () => {
  const padded = (bytes: number) => `{"name":"${"x".repeat(bytes - 11)}"}`;
  const statusOf = async (path: string, bytes: number) => {
    const answer = await client.request("POST", path, { body: padded(bytes) });
    return [answer.status, answer.code];
  };
  assert.deepEqual(await statusOf("/v1/endpoints", 64 * KB), [400, "VALIDATION_ERROR"]);
  assert.deepEqual(await statusOf("/v1/endpoints", 64 * KB + 1), [413, "PAYLOAD_TOO_LARGE"]);
  assert.deepEqual(await statusOf("/v1/events", 320 * KB), [400, "VALIDATION_ERROR"]);
  assert.deepEqual(await statusOf("/v1/events", 320 * KB + 1), [413, "PAYLOAD_TOO_LARGE"]);
  assert.deepEqual(await statusOf("/v1/events/batch", 8 * KB * KB), [400, "VALIDATION_ERROR"]);
  assert.deepEqual(await statusOf("/v1/events/batch", 8 * KB * KB + 1), [413, "PAYLOAD_TOO_LARGE"]);
});

test("a body that is too large is read to its end, so that the response arrives and the connection stays", async () => {
  const bytes = 8 * KB * KB;
  const key = `authorization: Bearer ${client.apiKey}`;
  const head = `POST /v1/events HTTP/1.1\r\nhost: x\r\n${key}\r\ncontent-type: application/json\r\ncontent-length: ${bytes}`;
  const next = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
  const answers = await sendBytes(`${head}\r\n\r\n${"x".repeat(bytes)}${next}`);
  assert.deepEqual(answers.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 413", "HTTP/1.1 200"]);
});

test("a body without a length is refused at the limit too", async () => {
  const chunk = `${(16 * KB).toString(16)}\r\n${"x".repeat(16 * KB)}\r\n`;
  const head = `POST /v1/endpoints HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${client.apiKey}\r\nconnection: close\r\n`;
  const type = "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
  const answer = await sendBytes(`${head}${type}${chunk.repeat(5)}0\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 413 /);
});

test("a body with a content type other than JSON is 415", async () => {
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "garbage"]) {
    const answer = await client.request("POST", "/v1/endpoints", { body: "{}", headers: { "content-type": type } });
    assert.deepEqual([answer.status, answer.code], [415, "UNSUPPORTED_MEDIA_TYPE"], type);
  }
  for (const type of ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.shop+json"]) {
    const answer = await client.request("POST", "/v1/endpoints", { body: "{}", headers: { "content-type": type } });
    assert.deepEqual([answer.status, answer.faultyFields], [400, ["url"]], type);
  }
});

test("a route that needs no body accepts an empty one with any content type, but no fields", async () => {
  const made = await client.request("POST", "/v1/endpoints", { body: { url: "http://127.0.0.1:9/" } });
  const path = `/v1/endpoints/${made.body.id}/rotate-secret`;
  for (const type of ["text/plain", "application/json", "garbage"]) {
    assert.equal((await client.request("POST", path, { headers: { "content-type": type } })).status, 200, type);
  }
  const chunked = `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${client.apiKey}\r\nconnection: close\r\n`;
  assert.match(await sendBytes(`${chunked}transfer-encoding: chunked\r\n\r\n0\r\n\r\n`), /^HTTP\/1\.1 200 /);
  const answer = await client.request("POST", `/v1/endpoints/${made.body.id}/test`, { body: { message: "hello" } });
  assert.deepEqual([answer.status, answer.faultyFields], [400, ["message"]]);
});

test("an unknown query parameter is an error with its name", async () => {
  for (const path of ["/v1/endpoints?limits=3", "/v1/webhooks?tenat=x", "/v1/deliveries?State=x"]) {
    const answer = await client.request("GET", path);
    assert.equal(answer.status, path.includes("webhooks") ? 422 : 400);
    assert.match(answer.text, /is not a query parameter of this request/);
  }
});

test("unknown paths are 404 and other methods are 405, in the surface's envelope", async () => {
  const nothing = await client.request("GET", "/v1/nothing");
  assert.deepEqual([nothing.status, nothing.body.error.code], [404, "NOT_FOUND"]);
  const pauses = await client.request("GET", "/v1/webhooks/a/b");
  assert.deepEqual([pauses.status, pauses.code, pauses.body.status_code], [404, "NOT_FOUND", 404]);
  const put = await client.request("PUT", "/v1/endpoints", { body: "x", headers: { "content-type": "text/plain" } });
  assert.deepEqual([put.status, put.code, put.headers.get("allow")], [405, "METHOD_NOT_ALLOWED", "GET, HEAD, POST"]);
  const one = await client.request("POST", "/v1/endpoints/x", { body: {} });
  assert.deepEqual([one.status, one.headers.get("allow")], [405, "DELETE, GET, HEAD, PATCH"]);
  assert.equal((await client.request("HEAD", "/v1/stream")).status, 405);
});

test("a path with invalid percent-encoding is 400 in JSON", async () => {
  const answer = await client.request("GET", "/v1/endpoints/%zz");
  assert.deepEqual([answer.status, answer.code], [400, "BAD_REQUEST"]);
});

test("malformed HTTP gets a JSON error, and the connection is closed", async () => {
  assert.match(await sendBytes("NONSENSE\r\n\r\n"), /^HTTP\/1\.1 400 .*"code":"BAD_REQUEST"/s);
  const head = `GET /v1/endpoints HTTP/1.1\r\nhost: x\r\nx-large: ${"a".repeat(20 * KB)}\r\n\r\n`;
  assert.match(await sendBytes(head), /^HTTP\/1\.1 431 .*"code":"REQUEST_HEADERS_TOO_LARGE"/s);
});

test("a missing Host and an unknown expectation are refused in the surface's envelope", async () => {
  const close = "connection: close\r\n\r\n";
  assert.match(await sendBytes(`GET /v1/endpoints HTTP/1.1\r\n${close}`), /^HTTP\/1\.1 400 .*"code":"BAD_REQUEST"/s);
  assert.match(await sendBytes(`GET /v1/webhooks HTTP/1.1\r\n${close}`), /^HTTP\/1\.1 400 .*"status_code":400/s);
  assert.match(await sendBytes(`GET /healthz HTTP/1.0\r\n${close}`), /^HTTP\/1\.1 200 /);
  const expecting = (path: string, what: string) =>
    sendBytes(`GET ${path} HTTP/1.1\r\nhost: x\r\nexpect: ${what}\r\n${close}`);
  assert.match(await expecting("/v1/endpoints", "tea"), /^HTTP\/1\.1 417 .*"code":"EXPECTATION_FAILED"/s);
  assert.match(await expecting("/v1/webhooks", "tea"), /^HTTP\/1\.1 417 .*"status_code":417/s);
  assert.match(await expecting("/healthz", "100-Continue"), /HTTP\/1\.1 200 /);
});

test("responses are not cached, not sniffed, and known as Signalbox's", async () => {
  for (const path of ["/v1/endpoints", "/v1/nothing"]) {
    const { headers } = await client.request("GET", path);
    assert.deepEqual([headers.get("cache-control"), headers.get("x-content-type-options")], ["no-store", "nosniff"]);
    assert.equal(headers.get("x-signalbox"), "1");
  }
});

test("a compressed body is refused with the name of the header", async () => {
  const headers = { "content-encoding": "gzip" };
  const answer = await server.request("POST", "/v1/events", { body: { type: "a", payload: {} }, headers });
  assert.deepEqual([answer.status, answer.code], [415, "UNSUPPORTED_MEDIA_TYPE"]);
  assert.match(answer.text, /Content-Encoding/);
});

test("mistakes get suggestions: another product's names, a trailing slash, a path without its prefix", async () => {
  const { id } = (await client.request("POST", "/v1/endpoints", { body: { url: "http://127.0.0.1:9/" } })).body;
  const asked: readonly (readonly [string, string, object | undefined, RegExp])[] = [
    [
      "POST",
      "/v1/events",
      { eventType: "a", payload: {} },
      /eventType is not a field of this request; use "type", which must be/,
    ],
    [
      "POST",
      "/v1/events",
      { type: "a", data: {} },
      /data is not a field of this request; use "payload", which must be an object/,
    ],
    [
      "POST",
      "/v1/events",
      { type: "a", payload: {}, endpointIds: [] },
      /endpointIds .*; did you mean "endpoint_ids"\?/,
    ],
    [
      "PATCH",
      `/v1/endpoints/${id}`,
      { enabled: false },
      /enabled .*; use "status", which must be one of "ACTIVE", "PAUSED"/,
    ],
    [
      "POST",
      "/v1/endpoints",
      { url: "https://hooks.example.com/", enabled: true },
      /enabled is not a field of this request; a new endpoint is active, and can be paused later/,
    ],
    [
      "POST",
      "/v1/endpoints",
      { url: "http://127.0.0.1:9/", events: ["a"] },
      /events .*; use "event_types", which must be null or an array/,
    ],
    ["POST", "/v1/pause", { question: "?", options: ["a", "b"] }, /question .*; use "message", which must be a string/],
    ["POST", "/v1/events", undefined, /type is required/],
    ["GET", "/v1/endpoints/", undefined, /There is nothing at this path\. Did you mean \/v1\/endpoints\?/],
    ["DELETE", `/v1/endpoints/${id}/`, undefined, /Did you mean \/v1\/endpoints\/\{id\}\?/],
    ["GET", "/endpoints", undefined, /Did you mean \/v1\/endpoints\?/],
    ["POST", "/dashboard/login", undefined, /There is nothing at this path/],
    ["PUT", "/v1/endpoints", undefined, /This path accepts GET, HEAD, POST\./],
  ];
  for (const [method, path, body, message] of asked) {
    const answer = await client.request(method, path, body === undefined ? {} : { body });
    assert.ok(answer.status >= 400 && answer.status < 500, answer.text);
    assert.match(answer.text.replaceAll('\\"', '"'), message);
  }
  const page = await client.request("GET", "/respond/", { key: null });
  assert.match(page.headers.get("content-type") ?? "", /^text\/html/);
});

test("a key that is sent in the wrong way gets a hint", async () => {
  const messageWith = async (headers: Record<string, string>) => {
    const answer = await client.request("GET", "/v1/endpoints", { key: null, headers });
    assert.equal(answer.status, 401);
    assert.ok(!answer.text.includes(client.apiKey));
    return answer.body.error.message;
  };
  assert.match(await messageWith({ authorization: client.apiKey }), /^The Authorization header lacks the word Bearer/);
  assert.match(
    await messageWith({ authorization: "Basic eDp5" }),
    /^The Authorization header must begin with the word Bearer/,
  );
  assert.match(
    await messageWith({ authorization: `Bearer ${client.apiKey}x` }),
    /^The key must be sb_live_ or sb_test_ followed by 48/,
  );
  assert.match(await messageWith({ "x-api-key": client.apiKey }), /^The key must be in the Authorization header/);
  assert.match(await messageWith({}), /^Send a valid key as "Authorization: Bearer sb_live_…"/);
});
