import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { networkInterfaces } from "node:os";
import { after, test } from "node:test";
import { ask } from "../harness/pauses.ts";
import { sharedServer } from "../processes/one-server.ts";

const server = await sharedServer({ after }, { HOST: "localhost" });
const port = Number(new URL(server.url).port);

/** Sends bytes, and returns what the server sends until it closes the connection. */
async function sendBytes(bytes: string, host = "127.0.0.1"): Promise<string> {
  const socket = net.connect(port, host);
  let answer = "";
  socket.on("data", (chunk: Buffer) => {
    answer += chunk.toString("latin1");
  });
  socket.on("error", () => socket.destroy());
  socket.write(bytes, "latin1");
  await once(socket, "close");
  return answer;
}

const authorization = `authorization: Bearer ${server.apiKey}\r\n`;
const statusesOf = (answers: string) => [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nhost: x\r\n${more}\r\n`;
const last = (path: string) => get(path, "connection: close\r\n");

test("the server listens on both addresses of localhost", async () => {
  assert.deepEqual(statusesOf(await sendBytes(last("/healthz"), "127.0.0.1")), [200]);
  const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === "::1"),
  );
  if (hasIpv6) assert.deepEqual(statusesOf(await sendBytes(last("/healthz"), "::1")), [200]);
});

test("pipelined requests get their responses in order on every surface", async () => {
  const asked = [
    [get("/v1/endpoints", authorization), 200],
    [get("/healthz"), 200],
    [get("/v1/pause"), 401],
    [get("/dashboard/webhooks", authorization), 200],
    [get("/nothing"), 404],
    [get("/respond/x"), 404],
    [`HEAD /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n`, 200],
    [`POST /in/x HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}`, 401],
    [
      `POST /v1/events HTTP/1.1\r\nhost: x\r\n${authorization}content-length: 2\r\ncontent-type: application/json\r\n\r\n{}`,
      400,
    ],
    [last("/readyz"), 200],
  ] as const;
  const answers = await sendBytes(asked.map(([request]) => request).join(""));
  assert.deepEqual(
    statusesOf(answers),
    asked.map(([, status]) => status),
  );
});

test("a request behind a long poll gets its response after it", async () => {
  const { id } = await ask(server);
  const socket = net.connect(port, "127.0.0.1");
  socket.setEncoding("latin1");
  let answers = "";
  socket.on("data", (chunk: string) => {
    answers += chunk;
  });
  socket.write(get(`/v1/pause/${id}?wait=60`, authorization) + last("/healthz"));
  await server.request("GET", "/v1/endpoints");
  assert.equal(answers, "");
  await server.request("DELETE", `/v1/pause/${id}`);
  await once(socket, "close");
  assert.deepEqual(statusesOf(answers), [200, 200]);
  assert.match(answers, /"cancelled".*\{"status":"ok"\}$/s);
});

test("a head that RFC 9112 forbids is refused in the surface's envelope, and the connection is closed", async () => {
  const send = async (head: string) => {
    const answer = await sendBytes(`${head}\r\n\r\n`);
    assert.match(answer, /\r\nconnection: close\r\n/i, head);
    return [...statusesOf(answer), /"code":"(\w+)"/.exec(answer)?.[1]];
  };
  const healthy = "GET /healthz HTTP/1.1\r\nhost: x";
  for (const host of ["y", "x", ""]) {
    assert.deepEqual(await send(`${healthy}\r\nHOST: ${host}`), [400, "BAD_REQUEST"], `a second Host "${host}"`);
  }
  for (const host of ["a/b", "a b", "a@b", "a:b", "[::1", "ä", "a:1:2", "a, b"]) {
    assert.deepEqual(await send(`GET /healthz HTTP/1.1\r\nhost: ${host}`), [400, "BAD_REQUEST"], host);
  }
  for (const version of ["2.0", "0.9"]) {
    const answer = await send(`GET /healthz HTTP/${version}\r\nhost: x`);
    assert.deepEqual(answer, [505, "HTTP_VERSION_NOT_SUPPORTED"], version);
  }
  for (const coding of ["gzip, chunked", "identity", "gzip\r\ntransfer-encoding: chunked", "x-chunked"]) {
    const answer = await send(`POST /v1/events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: ${coding}`);
    assert.deepEqual(answer, [400, "BAD_REQUEST"], coding);
  }
  assert.deepEqual(await send("POST /in/x HTTP/1.0\r\ntransfer-encoding: chunked"), [400, "BAD_REQUEST"]);
  assert.match(await sendBytes("GET /v1/webhooks HTTP/2.0\r\nhost: x\r\n\r\n"), /"status_code":505/);
});

test("a host can be a name, an address or empty, with or without a port", async () => {
  for (const host of ["a.example", "a_b:80", "127.0.0.1:8080", "[::1]:8080", "[fe80::1]", "", "a:"]) {
    const answer = await sendBytes(`GET /healthz HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    assert.deepEqual(statusesOf(answer), [200], host);
  }
});

test("identity is not a content coding, however it is written", async () => {
  const send = (encoding: string) =>
    server.request("POST", "/v1/events", { body: {}, headers: { "content-encoding": encoding } });
  for (const encoding of ["identity", "Identity", "", "identity, IDENTITY", " , identity"]) {
    assert.deepEqual((await send(encoding)).faultyFields, ["type", "payload"], encoding);
  }
  for (const encoding of ["gzip", "identity, gzip", "identit", "br"]) {
    assert.deepEqual([(await send(encoding)).status], [415], encoding);
  }
});

/** Sends a head that expects 100 Continue, and no body. Returns what the server sends until `until` appears, or until it closes the connection. */
async function askFirst(path: string, more: string, body: string): Promise<string> {
  const socket = net.connect(port, "127.0.0.1").setEncoding("latin1");
  let said = "";
  socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n${more}\r\n\r\n`);
  for await (const chunk of socket as AsyncIterable<string>) {
    said += chunk;
    if (said === "HTTP/1.1 100 Continue\r\n\r\n") socket.write(body);
    else if (said.includes("}")) break;
  }
  socket.destroy();
  return said;
}

test("100 Continue is sent only once the body can be read", async () => {
  const json = "content-type: application/json\r\n";
  const key = `authorization: Bearer ${server.apiKey}`;
  const statuses = async (path: string, more: string, body = "{}") => statusesOf(await askFirst(path, more, body));
  assert.deepEqual(await statuses("/v1/events", `${json}content-length: 2\r\n${key}`), [100, 400]);
  const chunked = `${json}transfer-encoding: chunked\r\n${key}`;
  assert.deepEqual(await statuses("/v1/events", chunked, "2\r\n{}\r\n0\r\n\r\n"), [100, 400]);
  assert.deepEqual(await statuses("/in/x", "content-length: 2"), [100, 401]);
  assert.deepEqual(await statuses("/v1/events", `${json}content-length: 2`), [401]);
  assert.deepEqual(await statuses("/nothing", `${json}content-length: 2`), [404]);
  assert.deepEqual(await statuses("/v1/events", `${json}content-length: 999999\r\n${key}`), [413]);
  assert.deepEqual(await statuses("/v1/events", `content-type: text/plain\r\ncontent-length: 2\r\n${key}`), [415]);
  assert.deepEqual(await statuses("/v1/events", `content-encoding: gzip\r\ncontent-length: 2\r\n${key}`), [415]);
  assert.deepEqual(await statuses("/v1/events", `${json}transfer-encoding: gzip, chunked\r\n${key}`), [400]);
});

test("a pipelined request gets its 100 Continue after the response before it", async () => {
  const asking = `POST /in/x HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n{}`;
  const answers = await sendBytes(get("/v1/endpoints", authorization) + asking + last("/healthz"));
  assert.deepEqual(statusesOf(answers), [200, 100, 401, 200]);
});

test("a request with a truncated body gets its error immediately after the responses to complete requests", async () => {
  const broken = (path: string, more = "") =>
    `POST ${path} HTTP/1.1\r\nhost: x\r\n${more}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`;
  for (const path of ["/in/x", "/api/v1/webhooks/pause-status"]) {
    assert.deepEqual(statusesOf(await sendBytes(broken(path))), [400], path);
    assert.deepEqual(statusesOf(await sendBytes(get("/healthz") + broken(path))), [200, 400], path);
  }
  assert.deepEqual(statusesOf(await sendBytes(broken("/v1/events", authorization))), [400]);
  assert.deepEqual(
    statusesOf(
      await sendBytes(get("/v1/endpoints", authorization) + get("/healthz") + broken("/v1/events", authorization)),
    ),
    [200, 200, 400],
  );
});
