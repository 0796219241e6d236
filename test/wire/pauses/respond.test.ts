import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ask, auditOf, QUESTION, readPause, respond } from "../../harness/pauses.ts";
import { type Client, newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });

function submit(client: Client, token: string, fields: Record<string, string>) {
  return client.request("POST", `/respond/${token}`, {
    key: null,
    body: new URLSearchParams(fields).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
}

const page = (client: Client, token: string, method = "GET") =>
  client.request(method, `/respond/${token}`, { key: null });

test("the holder of the link reads the question and answers it without a key", async () => {
  const client = await newTenant(server);
  const { id, token } = await ask(client, { allow_text_response: true, timeout_default: "Reject" });
  const read = await client.request("GET", `/v1/respond/${token}`, { key: null });
  assert.equal(read.status, 200);
  const { message, options, status, requester } = read.body as unknown as Record<string, unknown>;
  assert.deepEqual({ message, options }, QUESTION);
  assert.deepEqual([status, requester], ["pending", "a test's own"]);
  assert.ok(!read.text.includes("metadata") && !read.text.includes("recipient"));
  const decided = await respond(client, token, { choice: "Approve", text: " because\r\nyes " });
  assert.deepEqual([decided.status, decided.body.status, decided.body.response_choice], [200, "responded", "Approve"]);
  const pause = await readPause(client, id);
  assert.deepEqual([pause.response_text, pause.decided_by, pause.respond_url], ["because\nyes", "human", null]);
});

test("the tenant's name is hidden while it is `default`, and a new name shows immediately", async () => {
  const { token } = await ask(server);
  const requester = async () => {
    const read = await server.request("GET", `/v1/respond/${token}`, { key: null });
    return (read.body as unknown as { requester: string | null }).requester;
  };
  assert.equal(await requester(), null);
  const nameless = await page(server, token);
  assert.match(nameless.text, /<h1>Your answer is needed<\/h1>/);
  assert.doesNotMatch(nameless.text, /default/);
  const [own] = (await server.request("GET", "/v1/tenants")).rows;
  const renamed = await server.request("PATCH", `/v1/tenants/${own?.id}`, { body: { name: "Acme Robotics" } });
  assert.equal(renamed.status, 200, renamed.text);
  assert.equal(await requester(), "Acme Robotics");
  assert.match((await page(server, token)).text, /<h1><bdi>Acme Robotics<\/bdi> asks you<\/h1>/);
});

test("after a pause has ended, the same answer is 200 and any other is 410 with the outcome", async () => {
  const client = await newTenant(server);
  const { id, token } = await ask(client, { allow_text_response: true });
  const first = await respond(client, token, { choice: "Approve", text: "x" });
  const again = await respond(client, token, { choice: "Approve", text: "x" });
  assert.deepEqual([again.status, again.body], [200, first.body]);
  for (const answer of [{ choice: "Reject", text: "x" }, { choice: "Approve" }, { choice: "Nonsense" }]) {
    const other = await respond(client, token, answer);
    assert.deepEqual([other.status, other.code, other.body.status_code], [410, "TOKEN_USED", 410]);
    assert.deepEqual(other.body.outcome, {
      status: "responded",
      response_choice: "Approve",
      response_at: first.body.response_at,
    });
  }
  assert.equal((await client.request("GET", `/v1/respond/${token}`, { key: null })).status, 200);
  const types = await auditOf(client, id);
  assert.deepEqual(types.filter((type) => type === "pause.answer_refused").length, 3);
  assert.deepEqual(types.filter((type) => type === "pause.responded").length, 1);
});

test("an answer that the question does not allow is refused with the reason and changes nothing", async () => {
  const client = await newTenant(server);
  const { id, token } = await ask(client);
  const wrong = await respond(client, token, { choice: "Maybe" });
  assert.deepEqual([wrong.status, wrong.code], [400, "INVALID_CHOICE"]);
  assert.match(wrong.body.message, /"Approve", "Reject"/);
  const text = await respond(client, token, { choice: "Approve", text: "hello" });
  assert.deepEqual([text.status, text.code], [422, "VALIDATION_ERROR"]);
  assert.match(text.body.message, /^text must be left out/);
  for (const body of [{}, { choice: 1 }, { choice: "Approve", text: "x".repeat(2001) }, { choise: "Approve" }]) {
    assert.equal((await respond(client, token, body)).status, 422, JSON.stringify(body));
  }
  assert.equal((await readPause(client, id)).status, "pending");
  assert.equal((await respond(client, token, { choice: "Approve", text: "" })).status, 200);
});

test("a token that is forged, truncated, extended or from another pause is 404 everywhere", async () => {
  const client = await newTenant(server);
  const { token } = await ask(client);
  const flip = (at: number) => token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
  const forged = [flip(0), flip(25), flip(40), flip(71), token.slice(0, -1), `${token}A`, token.toUpperCase(), "x"];
  for (const bad of forged) {
    for (const [method, path] of [
      ["GET", "/v1/respond/"],
      ["GET", "/respond/"],
    ] as const) {
      const answer = await client.request(method, path + bad, { key: null });
      assert.equal(answer.status, 404, `${path}${bad}`);
    }
    const posted = await respond(client, bad, { choice: "Approve" });
    assert.deepEqual([posted.status, posted.code], [404, "PAUSE_NOT_FOUND"]);
    assert.equal((await submit(client, bad, { choice: "Approve" })).status, 404);
  }
});

test("the page shows the question, and only the POST of its form decides", async () => {
  const client = await newTenant(server);
  const { id, token } = await ask(client, { message: "<script>alert(1)</script>", options: ['"A"', "B & C"] });
  for (const method of ["GET", "HEAD", "GET"]) {
    const answer = await page(client, token, method);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get("content-type") ?? "", /^text\/html; charset=utf-8$/i);
    for (const [name, value] of [
      ["cache-control", /no-store/],
      ["referrer-policy", /^no-referrer$/],
      ["content-security-policy", /frame-ancestors 'none'/],
      ["x-robots-tag", /noindex/],
    ] as const) {
      assert.match(answer.headers.get(name) ?? "", value, name);
    }
    assert.doesNotMatch(answer.headers.get("content-security-policy") ?? "", /script-src|unsafe-inline/);
  }
  const open = await page(client, token);
  assert.ok(open.text.includes("&lt;script&gt;alert(1)&lt;/script&gt;") && !open.text.includes("<script"));
  assert.equal((await readPause(client, id)).status, "pending");
  const rewritten = await client.request("GET", `/v1/respond/${token}?utm_source=mail`, { key: null });
  assert.equal(rewritten.status, 200);
  const posted = await submit(client, token, { choice: "B & C" });
  assert.deepEqual([posted.status, posted.headers.get("location")], [303, `/respond/${token}`]);
  assert.equal((await readPause(client, id)).response_choice, "B & C");
  assert.match((await page(client, token)).text, /B &amp; C/);
  const opened = (await auditOf(client, id)).filter((type) => type === "pause.opened").length;
  assert.equal(opened, 6);
});

test("the form's text keeps its lines, and an invalid form is shown again with what was typed", async () => {
  const client = await newTenant(server);
  const { id, token } = await ask(client, { allow_text_response: true });
  const long = "y".repeat(2001);
  const tooLong = await submit(client, token, { choice: "Approve", text: long });
  assert.equal(tooLong.status, 422);
  assert.ok(tooLong.text.includes(long) && tooLong.text.includes("2000 characters"));
  const noChoice = await submit(client, token, { text: "typed before" });
  assert.ok(noChoice.status === 400 && noChoice.text.includes("typed before"));
  assert.equal((await readPause(client, id)).status, "pending");
  assert.equal((await submit(client, token, { choice: "Approve", text: "one\vtwo\x07" })).status, 303);
  assert.equal((await readPause(client, id)).response_text, "one\ntwo");
  const same = await submit(client, token, { choice: "Approve", text: "one\r\ntwo" });
  assert.equal(same.status, 303);
  const late = await submit(client, token, { choice: "Reject" });
  assert.equal(late.status, 410);
  assert.match(late.text, /did not count/);
});

test("the page accepts only a form", async () => {
  const client = await newTenant(server);
  const { id, token } = await ask(client);
  const json = await client.request("POST", `/respond/${token}`, { key: null, body: { choice: "Approve" } });
  assert.equal(json.status, 415);
  assert.match(json.body.error.message, /application\/x-www-form-urlencoded/);
  const both = await client.request("POST", `/respond/${token}`, {
    key: null,
    body: "choice=Approve&choice=Reject",
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
  assert.equal(both.status, 400);
  const get = await client.request("GET", `/respond/${token}?choice=Approve&utm_source=mail`, { key: null });
  assert.equal(get.status, 200);
  assert.equal((await readPause(client, id)).status, "pending");
});

test("a link can be opened any number of times, and the audit log keeps twenty of them", async () => {
  const client = await newTenant(server);
  const { id, token } = await ask(client);
  await Promise.all(Array.from({ length: 30 }, () => page(client, token)));
  const opened = (await auditOf(client, id)).filter((type) => type === "pause.opened");
  assert.equal(opened.length, 20);
});
