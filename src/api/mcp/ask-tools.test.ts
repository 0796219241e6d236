/** How long the tools wait, and what a client learns meanwhile. `test/wire/pauses/mcp.test.ts` uses a real server. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ASK_TOOLS } from "./ask-tools.ts";
import type { ApiRequest, ToolContext } from "./tool.ts";

const PENDING = { pause_id: "psr_1", status: "pending", notification: { status: "none" }, options: [], act: null };

/** An API whose question nobody answers, and whose waits take no time. */
function scene({ endsAfterCalls = Number.POSITIVE_INFINITY } = {}) {
  const requests: ApiRequest[] = [];
  const said: string[] = [];
  const cancelled = new AbortController();
  let nowMs = 0;
  const context: ToolContext = {
    async call(request) {
      requests.push(request);
      nowMs += Number(request.query?.wait ?? 0) * 1000;
      if (requests.length >= endsAfterCalls) return { ...PENDING, status: "responded", response_choice: "Allow" };
      return PENDING;
    },
    whileTelling(message, work) {
      said.push(message);
      return work;
    },
    signal: cancelled.signal,
    monotonicMs: () => nowMs,
    textOf: () => null,
    acts: { ask: () => assert.fail(), carryOut: () => assert.fail() },
  };
  const run = (name: string, input: object) => toolOf(name).run(input as never, context);
  return { requests, said, cancelled, context, run };
}

const toolOf = (name: string) => ASK_TOOLS.find((tool) => tool.name === name) ?? assert.fail(name);

const waitsOf = ({ requests }: ReturnType<typeof scene>) => requests.map(({ query }) => query?.wait);

test("a wait ends after 45 seconds, in one request, and the client is told of it", async () => {
  const waiting = scene();
  const ended = (await waiting.run("wait_for_decision", { pause_id: "psr_1" })) as { retry_after_seconds: number };
  assert.deepEqual([waitsOf(waiting), waiting.said], [[45], ["Nobody has decided yet."]]);
  assert.equal(ended.retry_after_seconds, 1);
});

test("a wait of zero seconds only looks, and a wait ends with the question", async () => {
  const looking = scene();
  await looking.run("wait_for_decision", { pause_id: "psr_1", wait_seconds: 0 });
  assert.deepEqual(waitsOf(looking), [0]);
  const answered = scene({ endsAfterCalls: 3 });
  await answered.run("request_permission", { tool_name: "bash", input: {} });
  assert.deepEqual(waitsOf(answered), [undefined, 60, 60]);
});

test("a default that a timeout took is no choice of a person", async () => {
  const timedOut = { ...PENDING, status: "timed_out", response_choice: "Stop", decided_by: "timeout_default" };
  const context = { ...scene().context, call: async () => timedOut };
  const ended = await toolOf("wait_for_decision").run({ pause_id: "psr_1" } as never, context);
  const { status, choice, decided_by, default_taken, retry_after_seconds } = ended as Record<string, unknown>;
  assert.deepEqual(
    [status, choice, decided_by, default_taken, retry_after_seconds],
    ["timed_out", null, null, "Stop", null],
  );
});

test("each approver gets a message if the agent says so, and an address gets its own", async () => {
  const question = { question: "Deploy?", options: ["Deploy", "Stop"], timeout_minutes: 30 };
  const people = { approvers: ["usr_1", "usr_2"], quorum: 2, veto: "Stop" };
  const fields = { message: "Deploy?", options: ["Deploy", "Stop"], expires_in_seconds: 1800, ...people };
  for (const [to, told, asked] of [
    ["approvers", { channel: "email" }, "2 approvers, 2 of whom must agree, each by email"],
    [
      "ann@example.com",
      { channel: "email", recipient: "ann@example.com" },
      "2 approvers, 2 of whom must agree, with an email to ann@example.com",
    ],
  ] as const) {
    const { requests, run } = scene();
    const output = (await run("ask_human", { ...question, ...people, to })) as { asked: string };
    assert.deepEqual([JSON.parse(String(requests[0]?.body)), output.asked], [{ ...fields, ...told }, asked]);
  }
  const { requests, run } = scene();
  await assert.rejects(run("ask_human", { ...question, to: "approvers" }), /"approvers" needs approvers/);
  assert.deepEqual(requests, []);
});

test("a client that goes ends the wait at once, and its request for permission is withdrawn", async () => {
  const { requests, cancelled, context } = scene();
  const call = async (request: ApiRequest): Promise<unknown> => {
    if (request.method !== "GET") return context.call(request);
    requests.push(request);
    cancelled.abort();
    request.signal?.throwIfAborted();
    return PENDING;
  };
  const input = { tool_name: "bash", input: {} } as never;
  const answer = await toolOf("request_permission").run(input, { ...context, call });
  assert.deepEqual(answer, { behavior: "deny", message: "The host waits no longer." });
  assert.deepEqual(
    requests.map(({ method }) => method),
    ["POST", "GET", "DELETE"],
  );
});
