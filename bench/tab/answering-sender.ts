/** A sender that sends nothing. It answers as a receiver does that takes 10 ms, and fails at one of 50 requests. */
import type { Outcome } from "../../src/domain/delivery/delivery.ts";
import type { Sender } from "../../src/ports/sender.ts";

const ANSWER_MS = 10;
const FAILS_EACH = 50;
const ACCEPTED: Outcome = { kind: "answered", httpStatus: 200, retryAfter: null, snippet: "ok" };
const FAILED: Outcome = { kind: "answered", httpStatus: 500, retryAfter: null, snippet: "failed" };

export function createSender(): Sender {
  const waiting = new Set<(outcome: Outcome) => void>();
  let sent = 0;
  return {
    send() {
      sent += 1;
      const outcome = sent % FAILS_EACH === 0 ? FAILED : ACCEPTED;
      return new Promise((resolve) => {
        waiting.add(resolve);
        setTimeout(() => {
          waiting.delete(resolve);
          resolve(outcome);
        }, ANSWER_MS);
      });
    },
    vet: async (url) => ({ kind: "accepted", url }),
    abortAll() {
      for (const resolve of waiting) resolve({ kind: "aborted" });
    },
    close: async () => undefined,
  };
}
