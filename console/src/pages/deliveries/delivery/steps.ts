/** The steps of a delivery over time, in their order. */
import type { Attempt, DeliveryDetail, Fact } from "@signalbox/sdk";
import { delivery as m } from "../../../messages/en/delivery.ts";
import { idTimeMs } from "../../../parts/time/format.ts";

export interface Step {
  readonly key: string;
  readonly label: string;
  readonly kind: "accepted" | "wait" | "held" | "rest" | "ok" | "bad" | "next" | "expiry" | "ended";
  readonly fromMs: number;
  readonly toMs: number;
}

/** Shorter waits are those of the server itself. */
const WAIT_MS_MIN = 100;

export function stepsOf(delivery: DeliveryDetail, facts: readonly Fact[], nowMs: number): Step[] {
  const timeOf = (...rules: readonly string[]): number | null => {
    const at = facts.find(({ rule }) => rules.includes(rule))?.at;
    return at === undefined || at === null ? null : Date.parse(at);
  };
  const acceptedMs = timeOf("accepted") ?? idTimeMs(delivery.event_id) ?? Date.parse(delivery.created_at);
  const past = pastSteps(delivery.attempts, facts, acceptedMs);
  const lastMs = past.at(-1)?.toMs ?? acceptedMs;
  const accepted = { key: "accepted", label: m.bars.accepted, kind: "accepted", fromMs: acceptedMs, toMs: acceptedMs };
  const steps: Step[] = [accepted as Step, ...past];
  if (isEnded(facts)) return [...steps, ...endOf(delivery, timeOf("ended"), lastMs)];
  return [...steps, ...comingSteps(delivery, { timeOf, lastMs, nowMs })];
}

export function isEnded(facts: readonly Fact[]): boolean {
  return facts.some(({ rule }) => rule === "ended");
}

function pastSteps(attempts: readonly Attempt[], facts: readonly Fact[], acceptedMs: number): Step[] {
  const steps: Step[] = [];
  let lastMs = acceptedMs;
  for (const attempt of attempts) {
    const fact = facts.find(({ rule, refs }) => rule === "attempt" && refs.attempt_number === attempt.attempt_number);
    const fromMs = Date.parse(fact?.at ?? attempt.started_at);
    const toMs = fromMs + attempt.latency_ms;
    if (fromMs - lastMs >= WAIT_MS_MIN) {
      steps.push({ key: `wait ${attempt.id}`, label: m.bars.wait, kind: "wait", fromMs: lastMs, toMs: fromMs });
    }
    const kind = attempt.outcome === "SUCCESS" ? "ok" : "bad";
    steps.push({ key: attempt.id, label: m.attempt(attempt.attempt_number), kind, fromMs, toMs });
    lastMs = toMs;
  }
  return steps;
}

/** Whether other deliveries go first, or only a probe is sent. */
export function isAtTheEarliest(facts: readonly Fact[]): boolean {
  return facts.some(({ rule }) => rule === "queue" || rule === "probe");
}

/** A delivery that ended without an attempt at that time: it expired, or somebody cancelled it. */
function endOf({ status }: DeliveryDetail, endedMs: number | null, lastMs: number): Step[] {
  const label = status === "EXPIRED" ? m.bars.expired : status === "CANCELLED" ? m.bars.cancelled : null;
  if (label === null || endedMs === null) return [];
  return [
    { key: "until end", label: m.bars.wait, kind: "wait", fromMs: lastMs, toMs: endedMs },
    { key: "end", label, kind: "ended", fromMs: endedMs, toMs: endedMs },
  ];
}

interface Now {
  readonly timeOf: (...rules: readonly string[]) => number | null;
  readonly lastMs: number;
  readonly nowMs: number;
}

function comingSteps(delivery: DeliveryDetail, { timeOf, lastMs, nowMs }: Now): Step[] {
  const steps: Step[] = [];
  const heldMs = timeOf("paused", "disabled");
  if (heldMs !== null) {
    const fromMs = Math.max(heldMs, lastMs);
    steps.push({ key: "held", label: m.bars.held, kind: "held", fromMs, toMs: Math.max(fromMs, nowMs) });
  }
  const nextMs = timeOf("next");
  if (nextMs !== null && nextMs > lastMs) {
    steps.push({ key: "until next", label: m.bars.waits, kind: "wait", fromMs: lastMs, toMs: nextMs });
  }
  const restMs = timeOf("rest");
  if (restMs !== null && restMs > nowMs) {
    steps.push({ key: "rest", label: m.bars.rests, kind: "rest", fromMs: Math.max(nowMs, lastMs), toMs: restMs });
  }
  if (nextMs !== null && nextMs > lastMs) {
    const label = m.attempt(delivery.attempts_count + 1);
    steps.push({ key: "next", label, kind: "next", fromMs: nextMs, toMs: nextMs });
  }
  const expiryMs = timeOf("expiry");
  if (expiryMs !== null) {
    steps.push({ key: "expiry", label: m.bars.expires, kind: "expiry", fromMs: lastMs, toMs: expiryMs });
  }
  return steps;
}
