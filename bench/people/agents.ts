/** Agents: what a thousand waits over MCP cost, how soon a decision reaches them, and what open questions cost. */
import { type IncomingMessage, request } from "node:http";
import type { Benchmark } from "../kit/benchmark.ts";
import { sleep } from "../kit/clock.ts";
import { Samples } from "../kit/samples.ts";
import { ADMIN, type Signalbox, startSignalbox } from "../kit/signalbox.ts";

/** An agent asks ten questions a minute, and waits ten times for each. */
const AGENTS = 10;
const QUESTIONS_OF_AGENT = 10;
const WAITS_OF_QUESTION = 10;
const OPEN = 10_000;
const CONNECTIONS = 16;
/** By then, the server has done what the requests left for later. */
const SETTLED_MS = 2000;
/** The waits of this many connections arrive together. */
const STEP_MS = 5;
const QUESTION = { message: "Deploy 1.4.0?", options: ["Deploy", "Stop"] };

export const agents: Benchmark = {
  name: "agents",
  about: "1,000 agents that wait over MCP, the decisions that end their waits, and 10,000 open questions",
  async run({ profileDir, scale, note }) {
    await using server = await startSignalbox({ profileDir });
    note("1,000 agents wait");
    const questions = await askAll(server);
    await wait(server, questions[0]?.apiKey ?? "", questions[0]?.id ?? "", 0).ended;
    await sleep(SETTLED_MS);
    const restMb = server.residentMb();
    const waits = questions.flatMap((question) => Array.from({ length: WAITS_OF_QUESTION }, () => ({ question })));
    const waiting: { readonly id: string; readonly ended: Promise<number> }[] = [];
    for (const { question } of waits) {
      waiting.push({ id: question.id, ended: wait(server, question.apiKey, question.id, 45).ended });
      if (waiting.length % CONNECTIONS === 0) await sleep(STEP_MS);
    }
    await sleep(SETTLED_MS);
    const waitingMb = server.residentMb() - restMb;
    note("people decide");
    const { ownMs, agentMs } = await decideAll(server, questions, waiting);
    note("10,000 questions are open");
    const openMb = await measureOpen(Math.round(OPEN * scale), profileDir);
    return [
      { name: "memory of 1,000 waits", unit: "MB", value: waitingMb },
      { name: "the decision's own 200, p99", unit: "ms", value: ownMs.percentile(0.99) },
      { name: "decision to the waiting agent, p50", unit: "ms", value: agentMs.percentile(0.5) },
      {
        name: "decision to the waiting agent, p99",
        unit: "ms",
        value: agentMs.percentile(0.99),
        goal: { atMost: 50 },
      },
      { name: "memory of 10,000 open questions", unit: "MB", value: openMb, goal: { atMost: 50 } },
    ];
  },
};

interface Asked {
  readonly id: string;
  readonly apiKey: string;
}

async function askAll(server: Signalbox): Promise<readonly Asked[]> {
  const asked: Asked[] = [];
  for (let agent = 0; agent < AGENTS; agent += 1) {
    const key = await server.call("POST", "/v1/auth/keys", { name: `agent ${agent}`, role: "agent" });
    const apiKey = String(key.api_key);
    for (let count = 0; count < QUESTIONS_OF_AGENT; count += 1) {
      const made = await post(server, "/v1/pause", { authorization: `Bearer ${apiKey}` }, QUESTION);
      asked.push({ id: String((JSON.parse(made.text) as { pause_id: string }).pause_id), apiKey });
    }
  }
  return asked;
}

/** `ended`: when the response arrived, in milliseconds of `performance.now()`. */
function wait(
  server: Signalbox,
  apiKey: string,
  pauseId: string,
  seconds: number,
): { readonly ended: Promise<number> } {
  const name = "wait_for_decision";
  const headers = {
    authorization: `Bearer ${apiKey}`,
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": name,
  };
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const params = { name, arguments: { pause_id: pauseId, wait_seconds: seconds }, _meta };
  const ended = post(server, "/mcp", headers, { jsonrpc: "2.0", id: 1, method: "tools/call", params });
  return {
    ended: ended.then(({ text, at }) => {
      if (!text.includes('"structuredContent"')) throw new Error(text);
      return at;
    }),
  };
}

/** Each person decides one question after the other, and ten agents wait for each. */
async function decideAll(
  server: Signalbox,
  questions: readonly Asked[],
  waiting: readonly { readonly id: string; readonly ended: Promise<number> }[],
): Promise<{ readonly ownMs: Samples; readonly agentMs: Samples }> {
  const signedIn = await post(server, "/dashboard/auth/login", {}, ADMIN);
  const cookie = signedIn.cookie.split(";")[0] ?? "";
  const [ownMs, agentMs] = [new Samples(), new Samples()];
  for (const { id } of questions) {
    const begun = performance.now();
    const decided = await post(server, `/v1/pause/${id}/decide`, { cookie }, { choice: "Stop" });
    if (decided.status !== 200) throw new Error(decided.text);
    ownMs.add(decided.at - begun);
    for (const one of waiting.filter((other) => other.id === id)) agentMs.add((await one.ended) - begun);
  }
  return { ownMs, agentMs };
}

async function measureOpen(count: number, profileDir: string | null): Promise<number> {
  await using server = await startSignalbox({ profileDir });
  const ask = () => server.call("POST", "/v1/pause", QUESTION);
  for (let made = 0; made < CONNECTIONS; made += 1) await ask();
  await sleep(SETTLED_MS);
  const restMb = server.residentMb();
  let left = count;
  const work = async () => {
    for (; left > 0; left -= 1) await ask();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  await sleep(SETTLED_MS);
  return server.residentMb() - restMb;
}

interface Answered {
  readonly status: number;
  readonly text: string;
  readonly cookie: string;
  readonly at: number;
}

/** Over a connection of its own. */
function post({ port }: Signalbox, path: string, headers: Record<string, string>, body: object): Promise<Answered> {
  const text = JSON.stringify(body);
  const sent = { ...headers, "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) };
  return new Promise((resolve, reject) => {
    request(
      { host: "127.0.0.1", port, path, method: "POST", headers: sent, agent: false },
      (response: IncomingMessage) => {
        let received = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          received += chunk;
        });
        response.once("end", () => {
          const cookie = response.headers["set-cookie"]?.[0] ?? "";
          resolve({ status: response.statusCode ?? 0, text: received, cookie, at: performance.now() });
        });
      },
    )
      .once("error", reject)
      .end(text);
  });
}
