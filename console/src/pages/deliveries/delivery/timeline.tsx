/** The waterfall of a delivery: its attempts, waits and holds over time, the attempt to come, and its expiry. */
import { Text } from "@mantine/core";
import type { DeliveryDetail, Fact } from "@signalbox/sdk";
import { delivery as m } from "../../../messages/en/delivery.ts";
import classes from "../../../parts/exchange/steps.module.css";
import { duration } from "../../../parts/time/format.ts";
import { useNow } from "../../../parts/time/ticker.ts";
import { Countdown, Time } from "../../../parts/time/time.tsx";
import { isAtTheEarliest, isEnded, type Step, stepsOf } from "./steps.ts";

const SECOND_MS = 1000;

export function Timeline({ delivery, facts }: { readonly delivery: DeliveryDetail; readonly facts: readonly Fact[] }) {
  // Only what has not ended grows.
  const second = useNow((nowMs) => (isEnded(facts) ? 0 : Math.floor(nowMs / SECOND_MS)));
  const steps = stepsOf(delivery, facts, second * SECOND_MS);
  const startMs = Math.min(...steps.map(({ fromMs }) => fromMs));
  // An expiry that is days away would leave nothing of the rest to see.
  const spanMs = Math.max(1, ...steps.map(({ kind, toMs }) => (kind === "expiry" ? 0 : toMs - startMs)));
  const share = (ms: number): number => (100 * Math.min(spanMs, ms)) / spanMs;
  return (
    <ol className={classes.steps} aria-label={m.timelineCaption}>
      {steps.map((step) => (
        <li key={step.key}>
          <span className={classes.label}>{step.label}</span>
          <span className={classes.track} aria-hidden="true">
            <span
              className={classes.bar}
              data-kind={step.kind}
              style={{
                insetInlineStart: `${share(step.fromMs - startMs)}%`,
                inlineSize: `${share(step.toMs - startMs) - share(step.fromMs - startMs)}%`,
              }}
            />
          </span>
          <span className={classes.time}>
            <StepTime of={step} isEarliest={isAtTheEarliest(facts)} />
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

interface StepTimeProps {
  readonly of: Step;
  readonly isEarliest: boolean;
}

function StepTime({ of: { kind, fromMs, toMs }, isEarliest }: StepTimeProps) {
  switch (kind) {
    case "accepted":
    case "ended":
      return <Time at={fromMs} absolute withMs />;
    case "rest":
      return m.ends(duration(Math.max(0, toMs - fromMs)));
    case "next":
      return <Countdown until={toMs} ended={m.due} isFuture note={isEarliest ? m.earliest : ""} />;
    case "expiry":
      return <Countdown until={toMs} ended={m.due} isFuture />;
    default:
      return duration(toMs - fromMs);
  }
}
