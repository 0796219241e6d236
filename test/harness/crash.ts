/** Shared by tests that kill a server at random moments: the random seed and a client that survives the kill. */
import { type Agent, type IncomingHttpHeaders, request } from "node:http";
import type { TestContext } from "node:test";
import { createRandom, type Random } from "../sim/random.ts";

/** A seeded random source. The test prints the seed. Set CRASH_SEED to use the same seed again. */
export function crashRandom(t: TestContext): Random {
  const seed = Number(process.env.CRASH_SEED ?? Math.floor(performance.timeOrigin % 2 ** 31));
  t.diagnostic(`CRASH_SEED=${seed}`);
  return createRandom(seed);
}

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The response, or null if the connection broke and it is unknown whether the server processed the request. */
export function postOrLost(
  agent: Agent,
  { url, headers, body }: Post,
): Promise<{ readonly status: number; readonly text: string; readonly headers: IncomingHttpHeaders } | null> {
  return new Promise((resolve) => {
    const lost = () => resolve(null);
    const sent = request(url, { method: "POST", agent, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      answer
        .on("error", lost)
        .on("end", () => resolve({ status: answer.statusCode ?? 0, text, headers: answer.headers }));
    });
    sent.on("error", lost).end(body);
  });
}
