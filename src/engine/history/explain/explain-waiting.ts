/** Explains what keeps a delivery that has not ended, and what happens to it next. */
import { runLifetimeMs } from "../../../domain/delivery/delivery.ts";
import { isProbing } from "../../../domain/delivery/health.ts";
import type { DisabledReason } from "../../../domain/endpoints/endpoint.ts";
import type { EpochMs } from "../../../domain/ids.ts";
import { WAITING_COUNT_MAX } from "../../../domain/limits.ts";
import type { DeliveryFacts } from "../../../ports/store.ts";
import { count, type Fact } from "./fact.ts";
import { plannedWait } from "./waits.ts";

export function explainWaiting(facts: DeliveryFacts, now: EpochMs): Fact[] {
  if (facts.row.state === "IN_PROGRESS") return [inProgress(facts)];
  if (facts.row.state === "HELD") return [held(facts), ...expiry(facts, now)];
  return [...obstacles(facts, now), next(facts, now), ...expiry(facts, now)];
}

function inProgress({ row, cancelRequested }: DeliveryFacts): Fact {
  const sentence = cancelRequested
    ? "A caller cancelled the delivery. The attempt in flight decides whether it ends DELIVERED or CANCELLED."
    : `The server is sending attempt ${row.attempts + 1}, or is about to.`;
  return { at: null, rule: "in_progress", sentence, refs: { attemptNumber: row.attempts + 1 } };
}

const DISABLED_BY: Readonly<Record<DisabledReason, string>> = {
  gone: "the receiver answered 410",
  no_success: "it had no success for five days",
  manual: "a caller disabled it",
};

function held({ endpoint, lane }: DeliveryFacts): Fact {
  const refs = { endpointId: endpoint.id };
  const at = lane.heldSince;
  if (endpoint.status === "PAUSED" && endpoint.pausedAt === null) {
    const sentence = `Nobody listens to ${endpoint.name}. Its deliveries are held, in their order, until somebody does.`;
    return { at, rule: "no_listener", sentence, refs };
  }
  if (endpoint.status === "PAUSED") {
    const sentence = `${endpoint.name} is PAUSED. Its deliveries are held, in their order, until somebody resumes it.`;
    return { at, rule: "paused", sentence, refs };
  }
  const why = endpoint.disabledReason === null ? "" : ` because ${DISABLED_BY[endpoint.disabledReason]}`;
  const sentence = `${endpoint.name} is DISABLED${why}. Its deliveries are held until somebody enables it.`;
  return { at, rule: "disabled", sentence, refs };
}

/** What may keep the delivery longer than its own time. */
function obstacles({ row, endpoint, lane, ordered, ahead }: DeliveryFacts, now: EpochMs): Fact[] {
  const { health, waitUntil } = lane;
  const refs = { endpointId: endpoint.id };
  const found: Fact[] = [];
  if (health.restUntil !== null && health.restUntil > now) {
    const sentence = `${endpoint.name} rests until then, after ${count(health.failureStreak, "failure")} in a row. One delivery is sent as a probe then.`;
    found.push({ at: health.restUntil, rule: "rest", sentence, refs });
  } else if (isProbing(health)) {
    const sentence = `${endpoint.name} gets one delivery at a time as a probe, since its last ${count(health.failureStreak, "attempt")} failed.`;
    found.push({ at: null, rule: "probe", sentence, refs });
  }
  // The retry of an ordered delivery is itself what the lane waits for.
  const isOwnRetry = ordered && row.nextAttemptAt === waitUntil;
  if (waitUntil !== null && waitUntil > now && !isOwnRetry) {
    const sentence = ordered
      ? `${endpoint.name} is ordered, and an earlier delivery waits for its retry until then.`
      : `${endpoint.name} gets nothing until then, as its receiver asked with Retry-After.`;
    found.push({ at: waitUntil, rule: "throttled", sentence, refs });
  }
  if (ahead > 0) {
    const number = ahead < WAITING_COUNT_MAX ? count(ahead, "delivery", "deliveries") : `More than ${ahead} deliveries`;
    found.push({
      at: null,
      rule: "queue",
      sentence: `${number} to ${endpoint.name} ${ahead === 1 ? "is" : "are"} due earlier.`,
      refs,
    });
  }
  return found;
}

function next(facts: DeliveryFacts, now: EpochMs): Fact {
  const { row, endpoint, lane, attempts, attemptsBeforeRun } = facts;
  const refs = { attemptNumber: row.attempts + 1, endpointId: endpoint.id };
  const dueAt = row.nextAttemptAt ?? now;
  const at = Math.max(dueAt, lane.health.restUntil ?? 0, lane.waitUntil ?? 0);
  const last = attempts.at(-1);
  const isFirstOfRun = last === undefined || row.attempts <= attemptsBeforeRun;
  if (isFirstOfRun) {
    const sentence = `Attempt ${row.attempts + 1} follows as soon as ${endpoint.name} has capacity.`;
    return { at: at > now ? at : null, rule: "next", sentence, refs };
  }
  const why = plannedWait(facts, last, dueAt - last.endedAt);
  const left = endpoint.retryScheduleSeconds.length - (row.attempts - attemptsBeforeRun);
  const after = left > 0 ? `${count(left, "more retry", "more retries")} after it` : "the last one";
  const due = at > now ? "" : " It is due.";
  const sentence = `Attempt ${row.attempts + 1} comes next: ${why}; ${after}.${due}`;
  return { at, rule: "next", sentence, refs };
}

/** When the run expires. A delivery without any attempt does not expire. */
function expiry({ row, endpoint, lane, runFirstActiveMs }: DeliveryFacts, now: EpochMs): Fact[] {
  if (runFirstActiveMs === null) return [];
  const lifetimeMs = runLifetimeMs(endpoint.retryScheduleSeconds);
  if (row.state === "HELD") {
    const heldNowMs = lane.heldSince === null ? 0 : now - lane.heldSince;
    const leftMs = Math.max(0, runFirstActiveMs + lifetimeMs - (now - lane.heldMs - heldNowMs));
    const hours = Math.round(leftMs / 3_600_000);
    const sentence = `Time on hold does not count towards the expiry, of which ${count(hours, "hour")} ${hours === 1 ? "is" : "are"} left.`;
    return [{ at: null, rule: "expiry", sentence, refs: {} }];
  }
  const sentence = "The delivery expires if its next attempt would come later than this.";
  return [{ at: runFirstActiveMs + lane.heldMs + lifetimeMs, rule: "expiry", sentence, refs: {} }];
}
