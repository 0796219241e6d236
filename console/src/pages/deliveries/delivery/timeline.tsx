/** The waterfall of a delivery: its attempts and waits over time, and the attempt to come. */
import { Text } from "@mantine/core";
import type { DeliveryDetail, Fact } from "@signalbox/sdk";
import { delivery as m } from "../../../messages/en/delivery.ts";
import { duration, idTimeMs } from "../../../parts/time/format.ts";
import { Countdown, Time } from "../../../parts/time/time.tsx";
import classes from "./timeline.module.css";

interface Step {
  readonly key: string;
  readonly label: string;
  readonly kind: "accepted" | "wait" | "ok" | "bad" | "next";
  readonly fromMs: number;
  readonly toMs: number;
}

export function Timeline({ delivery, facts }: { readonly delivery: DeliveryDetail; readonly facts: readonly Fact[] }) {
  const steps = stepsOf(delivery, facts);
  const startMs = Math.min(...steps.map(({ fromMs }) => fromMs));
  const spanMs = Math.max(1, ...steps.map(({ toMs }) => toMs - startMs));
  const share = (ms: number): string => `${(100 * (ms - startMs)) / spanMs}%`;
  return (
    <ol className={classes.steps} aria-label={m.timelineCaption}>
      {steps.map(({ key, label, kind, fromMs, toMs }) => (
        <li key={key}>
          <span className={classes.label}>{label}</span>
          <span className={classes.track} aria-hidden="true">
            <span
              className={classes.bar}
              data-kind={kind}
              style={{ insetInlineStart: share(fromMs), inlineSize: `${(100 * (toMs - fromMs)) / spanMs}%` }}
            />
          </span>
          <span className={classes.time}>
            {kind === "next" ? (
              <Countdown until={fromMs} ended={m.due} />
            ) : kind === "accepted" ? (
              <Time at={fromMs} absolute withMs />
            ) : (
              duration(toMs - fromMs)
            )}
          </span>
        </li>
      ))}
      <li className={classes.scale}>
        <Text span size="xs" c="dimmed">
          {m.span(duration(spanMs))}
        </Text>
      </li>
    </ol>
  );
}

function stepsOf(delivery: DeliveryDetail, facts: readonly Fact[]): Step[] {
  const timeOf = (rule: string): number | null => {
    const at = facts.find((fact) => fact.rule === rule)?.at;
    return at === undefined || at === null ? null : Date.parse(at);
  };
  const acceptedMs = timeOf("accepted") ?? idTimeMs(delivery.event_id) ?? Date.parse(delivery.created_at);
  const steps: Step[] = [
    { key: "accepted", label: m.bars.accepted, kind: "accepted", fromMs: acceptedMs, toMs: acceptedMs },
  ];
  let lastMs = acceptedMs;
  for (const attempt of delivery.attempts) {
    const fact = facts.find(({ rule, refs }) => rule === "attempt" && refs.attempt_number === attempt.attempt_number);
    const fromMs = fact?.at == null ? Date.parse(attempt.started_at) : Date.parse(fact.at);
    const toMs = fromMs + attempt.latency_ms;
    if (fromMs - lastMs >= WAIT_MS_MIN) {
      steps.push({ key: `wait ${attempt.id}`, label: m.bars.wait, kind: "wait", fromMs: lastMs, toMs: fromMs });
    }
    const kind = attempt.outcome === "SUCCESS" ? "ok" : "bad";
    steps.push({ key: attempt.id, label: m.attempt(attempt.attempt_number), kind, fromMs, toMs });
    lastMs = toMs;
  }
  const nextMs = timeOf("next");
  if (nextMs !== null && nextMs > lastMs) {
    steps.push({ key: "until next", label: m.bars.waits, kind: "wait", fromMs: lastMs, toMs: nextMs });
    const label = m.attempt(delivery.attempts_count + 1);
    steps.push({ key: "next", label, kind: "next", fromMs: nextMs, toMs: nextMs });
  }
  return steps;
}

/** Shorter pauses are those of the server itself. */
const WAIT_MS_MIN = 100;
