/** The attempts of a delivery, newest first. What an attempt sent and got is read when it is opened. */
import { Button, Stack, Text } from "@mantine/core";
import type { Attempt, DeliveryDetail } from "@signalbox/sdk";
import { useState } from "react";
import { delivery as m } from "../../../messages/en/delivery.ts";
import { AttemptExchange } from "../../../parts/exchange/exchange.tsx";
import { StateBadge } from "../../../parts/text/state-badge.tsx";
import { duration } from "../../../parts/time/format.ts";
import { Time } from "../../../parts/time/time.tsx";
import classes from "./attempts.module.css";

const FIRST_SHOWN = 10;

export function Attempts({ delivery }: { readonly delivery: DeliveryDetail }) {
  const [isWhole, setWhole] = useState(false);
  const newestFirst = delivery.attempts.toReversed();
  const shown = isWhole ? newestFirst : newestFirst.slice(0, FIRST_SHOWN);
  return (
    <Stack gap="xs">
      {shown.map((attempt, index) => (
        <AttemptItem key={attempt.id} deliveryId={delivery.id} attempt={attempt} startsOpen={index === 0} />
      ))}
      {shown.length < newestFirst.length && (
        <Button variant="subtle" onClick={() => setWhole(true)}>
          {m.showAttempts(newestFirst.length - shown.length)}
        </Button>
      )}
    </Stack>
  );
}

interface ItemProps {
  readonly deliveryId: string;
  readonly attempt: Attempt;
  readonly startsOpen: boolean;
}

function AttemptItem({ deliveryId, attempt, startsOpen }: ItemProps) {
  const [isOpen, setOpen] = useState(startsOpen);
  const isOk = attempt.outcome === "SUCCESS";
  const word =
    attempt.http_status === null ? attempt.classification.replaceAll("_", " ") : `HTTP ${attempt.http_status}`;
  return (
    <details className={classes.attempt} open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className={classes.summary}>
          <strong>{m.attempt(attempt.attempt_number)}</strong>
          <StateBadge tone={isOk ? "ok" : "bad"} word={word} />
          <span>{duration(attempt.latency_ms)}</span>
          <Text span size="sm" c="dimmed">
            <Time at={attempt.started_at} />
          </Text>
        </span>
      </summary>
      {isOpen && (
        <div className={classes.content}>
          <AttemptExchange deliveryId={deliveryId} number={attempt.attempt_number} />
        </div>
      )}
    </details>
  );
}
