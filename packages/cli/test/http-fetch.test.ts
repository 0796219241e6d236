import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import { type AddressInfo, createServer, type Server } from "node:net";
import { type TestContext, test } from "node:test";
import { readPem } from "../../../test/fixtures/receiver.ts";
import { Signalbox } from "../../sdk/src/index.ts";
import { failureOf } from "../src/failure.ts";
import { fetchOverHttp, fetchWithin } from "../src/http-fetch.ts";

async function portOf(t: TestContext, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** The failure of a first request, and how many requests were made. */
async function failing(url: string, send: typeof fetch) {
  const sent: string[] = [];
  const counting = ((to: string, init: RequestInit) => {
    sent.push(to);
    return send(to, init);
  }) as typeof fetch;
  const client = new Signalbox({ url, apiKey: "sb_test_x", fetch: counting });
  const error = await client.session.me().catch((caught: unknown) => caught);
  const failure = failureOf(error);
  return { exit: failure?.exit, code: failure?.code, message: failure?.message, requests: sent.length };
}

test("a server that accepts and does not respond is given up after one time-out", async (t) => {
  const silent = createServer((socket) => void socket.on("error", () => undefined));
  const halting = http.createServer((_, response) => response.writeHead(200, { "x-signalbox": "1" }).write("{"));
  for (const server of [silent, halting]) {
    const url = `http://127.0.0.1:${await portOf(t, server)}`;
    assert.deepEqual(await failing(url, fetchWithin(100)), {
      exit: 9,
      code: "TIMEOUT",
      message: `${url} did not respond within 0.1 s.`,
      requests: 1,
    });
  }
  halting.closeAllConnections();
});

test("https to a port without TLS is said, and http to a port with it", async (t) => {
  const plain = `127.0.0.1:${await portOf(t, http.createServer())}`;
  assert.deepEqual(await failing(`https://${plain}`, fetchOverHttp), {
    exit: 9,
    code: "NO_TLS",
    message: `https://${plain} does not speak TLS. Did you mean http://${plain}?`,
    requests: 1,
  });
  const secure = https.createServer({ cert: readPem("receiver"), key: readPem("receiver.key") });
  const encrypted = `127.0.0.1:${await portOf(t, secure)}`;
  assert.deepEqual(await failing(`http://${encrypted}`, fetchOverHttp), {
    exit: 9,
    code: "NEEDS_TLS",
    message: `http://${encrypted} speaks only TLS. Did you mean https://${encrypted}?`,
    requests: 1,
  });
});
