/** Pauses on a real server. `pause-calls.test.ts` covers its rare responses. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, it, type TestContext } from "node:test";
import { CHILD_KEY, newDataDir, startChild } from "../../../test/harness/child.ts";
import { within } from "../../../test/harness/deadline.ts";
import { startHere } from "../../../test/harness/in-process.ts";
import { startRunningReceiver } from "../../../test/harness/receiver.ts";
import { newTenant, startServer } from "../../../test/harness/server.ts";
import { type CreatedPause, type EndedPause, isPauseEvent, Signalbox, SignalboxError, verify } from "../src/index.ts";
import { PENDING, QUESTION } from "./pending-pause.ts";

const server = await startServer({ after });

const SECRET = "0123456789abcdef0123456789abcdef";

/** A client that reports when it starts to wait for the end of a pause. `address` is the server's current address. */
function listening(url: string, apiKey: string, address = () => url) {
  const asked = Promise.withResolvers<void>();
  const client = new Signalbox({
    url,
    apiKey,
    fetch: (input, init) => {
      const answer = fetch(String(input).replace(url, address()), init);
      if (String(input).includes("wait=")) asked.resolve();
      return answer;
    },
  });
  return { client, asked: within(asked.promise, "the first question for the pause") };
}

/** Wait for an ending until the test is over. A client never gives up by itself, even if the test has failed. */
function endingOf(test: TestContext, client: Signalbox, { pause_id }: CreatedPause): Promise<EndedPause> {
  const over = new AbortController();
  test.after(() => over.abort());
  const ending = client.waitForPause(pause_id, { signal: over.signal });
  ending.catch(() => undefined);
  return within(ending, "the ending");
}

async function tenantClient() {
  return listening(server.url, (await newTenant(server)).apiKey);
}

/** Answer as the page does, but with JSON. */
async function decide(url: string, respondUrl: string | null, choice: string): Promise<void> {
  const { pathname } = new URL(respondUrl ?? "");
  const answer = await fetch(`${url}/v1${pathname}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ choice }),
  });
  assert.equal(answer.status, 200, await answer.text());
}

describe("a pause on the server", () => {
  it("is waited for until a person answers, and the event agrees", async (test) => {
    const { client, asked } = await tenantClient();
    const receiver = await startRunningReceiver(test);
    await client.webhooks.create({ url: receiver.url, events: ["pause.responded"], secret: SECRET });
    const pause = await client.pause({ ...QUESTION, metadata: { amount: 340 } });
    const ending = endingOf(test, client, pause);
    await asked;
    await decide(server.url, pause.respond_url, "Approve");
    const ended = await ending;
    assert.deepEqual(ended, {
      ...PENDING,
      pause_id: pause.pause_id,
      status: "responded",
      response_choice: "Approve",
      response_at: ended.response_at,
      decided_by: "human",
      receipt: ended.receipt,
      event_id: ended.event_id,
      notification: ended.notification,
      metadata: { amount: 340 },
      respond_url: null,
      expires_at: pause.expires_at,
      created_at: pause.created_at,
    });
    assert.equal(ended.notification.status, "none");
    assert.deepEqual([ended.receipt?.pause_id, ended.receipt?.choice], [pause.pause_id, "Approve"]);
    const { body, headers } = await within(receiver.next(), "the event");
    const event = (await verify({ body, headers, secret: SECRET, scheme: "standard" })).body;
    assert.ok(isPauseEvent(event) && event.event === "pause.responded");
    assert.equal(event.pause_id, pause.pause_id);
    const { response_at } = ended;
    assert.deepEqual(event.data, { choice: "Approve", text: null, response_at, metadata: { amount: 340 } });
  });

  it("is waited for until it times out", async (test) => {
    const { client } = await tenantClient();
    const pause = await client.pause({ ...QUESTION, expires_in_seconds: 1, timeout_default: "Reject" });
    const ended = await endingOf(test, client, pause);
    assert.deepEqual(
      [ended.status, ended.decided_by, ended.response_choice, ended.response_at],
      ["timed_out", "timeout_default", "Reject", pause.expires_at],
    );
  });

  it("is waited for until it is cancelled, which happens exactly once", async (test) => {
    const { client, asked } = await tenantClient();
    const pause = await client.pause(QUESTION);
    const ending = endingOf(test, client, pause);
    await asked;
    const cancelled = await client.cancelPause(pause.pause_id);
    assert.deepEqual(await ending, cancelled);
    assert.deepEqual([cancelled.status, cancelled.response_choice, cancelled.decided_by], ["cancelled", null, null]);
    await assert.rejects(client.cancelPause(pause.pause_id), { status: 409, code: "ALREADY_CANCELLED" });
  });

  it("is returned again for the same idempotency key, and listed newest first", async () => {
    const { client } = await tenantClient();
    const first = await client.pause(QUESTION, { idempotencyKey: "invoice-7" });
    assert.deepEqual(await client.pause(QUESTION, { idempotencyKey: "invoice-7" }), first);
    const other = { ...QUESTION, message: "Something else?" };
    await assert.rejects(client.pause(other, { idempotencyKey: "invoice-7" }), { code: "IDEMPOTENCY_KEY_CONFLICT" });
    const second = await client.pause(QUESTION);
    await client.cancelPause(first.pause_id);
    assert.deepEqual(await client.pause(QUESTION, { idempotencyKey: "invoice-7" }), first);
    const ids: string[] = [];
    for await (const { pause_id } of client.iteratePauses({ limit: 1 })) ids.push(pause_id);
    assert.deepEqual(ids, [second.pause_id, first.pause_id]);
    const pending = await client.listPauses({ status: "pending" });
    assert.deepEqual(
      pending.pauses.map(({ pause_id }) => pause_id),
      [second.pause_id],
    );
    assert.deepEqual([pending.has_more, pending.next_cursor], [false, null]);
    assert.equal((await client.getPause(second.pause_id, { wait: 0 })).respond_url, second.respond_url);
  });

  it("is not waited for if it does not exist, and an invalid one is refused with its fields", async () => {
    const { client } = await tenantClient();
    const unknown = "psr_00000000-0000-7000-8000-000000000000";
    await assert.rejects(client.waitForPause(unknown), { status: 404, code: "PAUSE_NOT_FOUND" });
    const error = await client.pause({ ...QUESTION, message: "" }).catch((error: unknown) => error);
    assert.ok(error instanceof SignalboxError);
    assert.deepEqual([error.status, error.code], [422, "VALIDATION_ERROR"]);
    assert.match(error.message, /message/);
  });

  it("is waited for across a kill and restart of the server", async (test) => {
    const dataDir = await newDataDir(test);
    const first = await startChild(test, dataDir);
    // The second server may not get the first one's port, because another test may have taken it.
    let address = first.url;
    const { client, asked } = listening(first.url, CHILD_KEY, () => address);
    const pause = await client.pause(QUESTION);
    const ending = endingOf(test, client, pause);
    await asked;
    first.signal("SIGKILL");
    await first.exited;
    const second = await startHere(test, dataDir);
    address = second.url;
    await decide(second.url, pause.respond_url, "Reject");
    const ended = await ending;
    assert.deepEqual([ended.status, ended.response_choice], ["responded", "Reject"]);
  });
});

describe("the agent example", () => {
  for (const place of ["../README.md", "../../../README.md"]) {
    it(`in ${place} asks, waits, and acts on the choice`, async () => {
      const text = readFileSync(new URL(place, import.meta.url), "utf8");
      const section = text.slice(text.indexOf("\n## Ask a person\n"));
      const lines = (/^```js\n(.*?)^```$/ms.exec(section)?.[1] ?? "").trim().split("\n");
      assert.equal(lines.length, 5);
      assert.equal(lines[0], 'import { Signalbox } from "@signalbox/sdk";');
      // A test key sends no notifications, so no email server is needed.
      const { api_key: apiKey } = await new Signalbox(server).keys.create({ name: "agent", test: true });
      for (const [choice, payments] of [
        ["Yes", 1],
        ["No", 0],
      ] as const) {
        let paid = 0;
        const pay = async () => {
          paid += 1;
        };
        await run(lines.slice(1), { Signalbox: deciding(apiKey, choice), process: { env: {} }, pay });
        assert.equal(paid, payments, choice);
      }
    });
  }

  /** The client for the example. It uses the test's server, and a person answers as soon as it waits. */
  function deciding(apiKey: string, choice: string) {
    return class extends Signalbox {
      constructor() {
        let pause: CreatedPause | undefined;
        super({
          url: server.url,
          apiKey,
          fetch: async (input, init) => {
            if (String(input).includes("wait=")) await decide(server.url, pause?.respond_url ?? null, choice);
            const answer = await fetch(input, init);
            if (init?.method === "POST") pause = (await answer.clone().json()) as CreatedPause;
            return answer;
          },
        });
      }
    };
  }

  function run(lines: readonly string[], names: Readonly<Record<string, unknown>>): Promise<void> {
    const body = `return (async () => {\n${lines.join("\n")}\n})();`;
    const example = new Function(...Object.keys(names), body) as (...values: unknown[]) => Promise<void>;
    return example(...Object.values(names));
  }
});
