import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { networkInterfaces } from "node:os";
import { after, test } from "node:test";
import { ask } from "../harness/pauses.ts";
import { startServer } from "../harness/server.ts";

const server = await startServer({ after }, { HOST: "localhost" });
const port = Number(new URL(server.url).port);

/** What the server answers to these bytes, until it closes the connection. */
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

test("localhost is both of its addresses", async () => {
  assert.deepEqual(statusesOf(await sendBytes(last("/healthz"), "127.0.0.1")), [200]);
  const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === "::1"),
  );
  if (hasIpv6) assert.deepEqual(statusesOf(await sendBytes(last("/healthz"), "::1")), [200]);
});

test("pipelined requests are answered in order on every surface", async () => {
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

test("what comes behind a long poll is answered after it", async () => {
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
