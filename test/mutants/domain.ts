/** Faults in the rules: retries, health, loops. */
import type { Mutant } from "./mutant.ts";

export const domain: readonly Mutant[] = [
  {
    fault: "the retry schedule is off by one",
    file: "src/domain/delivery/retry.ts",
    find: "scheduleSeconds[runAttempts];",
    replace: "scheduleSeconds[runAttempts + 1];",
    test: "src/domain/delivery/retry.test.ts",
  },
  {
    fault: "jitter only makes waits longer",
    file: "src/domain/delivery/retry.ts",
    find: "(1 - RETRY_JITTER + 2 * RETRY_JITTER * jitter)",
    replace: "(1 + 2 * RETRY_JITTER * jitter)",
    test: "src/domain/delivery/retry.test.ts",
  },
  {
    fault: "a receiver can put a delivery off for years with Retry-After",
    file: "src/domain/delivery/retry.ts",
    find: "Math.min(Math.max(waitMs, 0), RETRY_AFTER_MS_MAX)",
    replace: "Math.max(waitMs, 0)",
    test: "src/domain/delivery/retry.test.ts",
  },
  {
    fault: "a redirect counts as success",
    file: "src/domain/delivery/delivery.ts",
    find: "httpStatus < 300",
    replace: "httpStatus < 400",
    test: "src/domain/delivery/delivery.test.ts",
  },
  {
    fault: "a 410 does not disable the endpoint",
    file: "src/domain/delivery/delivery.ts",
    find: 'disable: "gone",',
    replace: "disable: null,",
    test: "src/domain/delivery/delivery.test.ts",
  },
  {
    fault: "a 503 with Retry-After does not hold back the endpoint's other deliveries",
    file: "src/domain/delivery/delivery.ts",
    find: "httpStatus === 429 || httpStatus === 503;",
    replace: "httpStatus === 429;",
    test: "src/domain/delivery/delivery.test.ts",
  },
  {
    fault: "deliveries expire while their endpoint is paused",
    file: "src/domain/delivery/delivery.ts",
    find: "isExpired(dueAt - rules.heldMs,",
    replace: "isExpired(dueAt,",
    test: "src/domain/delivery/delivery.test.ts",
  },
  {
    fault: "an endpoint rests one failure late",
    file: "src/domain/delivery/health.ts",
    find: "failureStreak < REST_AFTER_FAILURES || resting",
    replace: "failureStreak <= REST_AFTER_FAILURES || resting",
    test: "src/domain/delivery/health.test.ts",
  },
  {
    fault: "attempts that were in flight when a rest began make it longer",
    file: "src/domain/delivery/health.ts",
    find: "REST_AFTER_FAILURES || resting)",
    replace: "REST_AFTER_FAILURES)",
    test: "src/domain/delivery/health.test.ts",
  },
  {
    fault: "an overloaded receiver gets as many requests as before",
    file: "src/domain/delivery/health.ts",
    find: "Math.max(1, Math.floor(window / 2))",
    replace: "window",
    test: "src/domain/delivery/health.test.ts",
  },
  {
    fault: "a server's own loop is not counted",
    file: "src/domain/delivery/loops.ts",
    find: "=== OURS).length",
    replace: "!== OURS).length",
    test: "src/domain/delivery/loops.test.ts",
  },
];
