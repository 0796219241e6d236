/** What tests have in common that kill a server at random moments: the seed, and clients that outlive the server. */
import { type Agent, request } from "node:http";
import type { TestContext } from "node:test";
import { createRandom, type Random } from "../sim/random.ts";

/** Chance from a seed, which is printed and can be given as CRASH_SEED. */
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

/** The answer; null when the connection broke, and nobody knows whether the request was carried out. */
export function postOrLost(
  agent: Agent,
  { url, headers, body }: Post,
): Promise<{ readonly status: number; readonly text: string } | null> {
  return new Promise((resolve) => {
    const lost = () => resolve(null);
    const sent = request(url, { method: "POST", agent, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      answer.on("error", lost).on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    sent.on("error", lost).end(body);
  });
}
