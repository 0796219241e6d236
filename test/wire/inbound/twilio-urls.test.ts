/** Twilio signs its configured URL. These tests are about the URL that the server assumes, and about wrong ones. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { getExpectedTwilioSignature } from "twilio/lib/webhooks/webhooks.js";
import { createSource, recordOf, rowsOf, SOURCE_SECRET } from "../../harness/inbound.ts";
import { startServer } from "../../harness/server.ts";
import { ON_POSTGRES } from "../../postgres/store-of-server.ts";

const RIGHT = "https://hooks.example.com";
const FORM = { "content-type": "application/x-www-form-urlencoded" };

function signed(url: string) {
  return { ...FORM, "x-twilio-signature": getExpectedTwilioSignature(SOURCE_SECRET, url, { CallSid: "CA1" }) };
}

// On PostgreSQL, each server of a test has a database of its own.
test("a request that was rejected with a wrong SIGNALBOX_PUBLIC_URL is verified with the right one", {
  skip: ON_POSTGRES,
}, async (t) => {
  const dataDir = await mkdtemp(path.join(tmpdir(), "signalbox-test-"));
  t.after(() => rm(dataDir, { recursive: true }));
  const start = (url: string) => startServer(t, { SIGNALBOX_DATA_DIR: dataDir, SIGNALBOX_PUBLIC_URL: url });
  const wrong = await start("http://localhost:8080/in/front");
  const source = await createSource(wrong, { scheme: "twilio" });
  const target = `/in/${source.id}?name=O%27Brien`;
  const refused = await wrong.request("POST", target, {
    key: null,
    body: "CallSid=CA1",
    headers: signed(RIGHT + target),
  });
  assert.equal(refused.status, 401);
  const list = `/v1/sources/${source.id}/events`;
  const [row] = rowsOf(await wrong.request("GET", list));
  const id = String(row?.id);
  await wrong.close();
  const right = await start(RIGHT);
  const record = recordOf(await right.request("GET", `${list}/${id}`));
  assert.match(String(record.explanation), /request verifies/);
  const again = await right.request("POST", `${list}/${id}/reprocess`);
  assert.equal(again.status, 200, again.text);
});

test("a request target in absolute form is equivalent to its path", async (t) => {
  const server = await startServer(t, { SIGNALBOX_PUBLIC_URL: RIGHT });
  const source = await createSource(server, { scheme: "twilio" });
  const target = `/in/${source.id}?a=b`;
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  t.after(() => socket.destroy());
  const headers = Object.entries(signed(RIGHT + target)).map(([name, value]) => `${name}: ${value}`);
  const head = [`POST http://internal:8080${target} HTTP/1.1`, "host: internal:8080", "content-length: 11", ...headers];
  socket.write(`${head.join("\r\n")}\r\n\r\nCallSid=CA1`);
  const [answer] = (await once(socket, "data")) as [Buffer];
  assert.match(answer.toString("latin1"), /^HTTP\/1\.1 200 /);
});
