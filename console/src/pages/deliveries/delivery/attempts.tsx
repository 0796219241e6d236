/** The attempts of a delivery, newest first. What an attempt sent and got is read when it is opened. */
import { Alert, Button, Code, Group, Stack, Text, Title } from "@mantine/core";
import type { Attempt, AttemptDetails, DeliveryDetail, HeaderField } from "@signalbox/sdk";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { delivery as m } from "../../../messages/en/delivery.ts";
import { LaterSkeleton } from "../../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../../parts/feedback/problem.tsx";
import { Foreign } from "../../../parts/text/foreign.tsx";
import { Payload } from "../../../parts/text/payload.tsx";
import { StateBadge } from "../../../parts/text/state-badge.tsx";
import { duration } from "../../../parts/time/format.ts";
import { Time } from "../../../parts/time/time.tsx";
import { useApi, useTenant } from "../../../session/api.ts";
import classes from "./attempts.module.css";
import { CopyCurl } from "./copy-curl.tsx";
import { TimingBars } from "./timing-bars.tsx";

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
      {isOpen && <AttemptContent deliveryId={deliveryId} number={attempt.attempt_number} />}
    </details>
  );
}

function AttemptContent({ deliveryId, number }: { readonly deliveryId: string; readonly number: number }) {
  const api = useApi();
  const tenant = useTenant();
  const query = useQuery({
    queryKey: ["attempt", tenant, deliveryId, number],
    queryFn: ({ signal }) => api.deliveries.getAttempt(deliveryId, number, { signal }),
    // What an attempt sent and got does not change.
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (query.data !== undefined) return <Loaded details={query.data} />;
  if (query.error === null) return <LaterSkeleton rows={4} height={28} />;
  return <Problem error={query.error} onRetry={() => void query.refetch()} isRetrying={query.isFetching} />;
}

function Loaded({ details }: { readonly details: AttemptDetails }) {
  const { request, response, timings, error } = details;
  // The line above says the status already.
  const saysMore = error !== null && error !== `HTTP ${response?.http_status}`;
  return (
    <Stack gap="md" className={classes.content}>
      {saysMore && (
        <Text className={classes.error}>
          <Foreign text={error} />
        </Text>
      )}
      {timings !== null && <TimingBars timings={timings} />}
      <Part title={m.request} aside={<CopyCurl details={details} />}>
        <Text size="sm" component="div" className={classes.url}>
          <Code>POST</Code> <Foreign text={details.url} />
        </Text>
        {request.differs.map((sentence) => (
          <Alert key={sentence} color="yellow" variant="light">
            {sentence}
          </Alert>
        ))}
        <Headers headers={request.headers} />
        <Payload text={request.body} label={m.bodyOf(details.attempt_number)} />
        <Text size="xs" c="dimmed">
          {m.reconstructed}
        </Text>
      </Part>
      <Part title={m.response}>
        {response === null ? (
          <Text size="sm">{m.noResponse}</Text>
        ) : (
          <>
            <Text size="sm">HTTP {response.http_status}</Text>
            <Headers headers={response.headers} />
            {!response.headers_complete && (
              <Text size="xs" c="dimmed">
                {m.moreHeaders}
              </Text>
            )}
            {response.body === null ? (
              <Text size="sm">{m.noBody}</Text>
            ) : (
              <Payload text={response.body} label={m.responseBodyOf(details.attempt_number)} />
            )}
          </>
        )}
      </Part>
    </Stack>
  );
}

function Part({
  title,
  aside,
  children,
}: {
  readonly title: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <div>
      <Group justify="space-between" mb="xs">
        <Title order={3}>{title}</Title>
        {aside}
      </Group>
      <Stack gap="xs">{children}</Stack>
    </div>
  );
}

function Headers({ headers }: { readonly headers: readonly HeaderField[] }) {
  if (headers.length === 0) return null;
  return (
    <dl className={classes.headers}>
      {headers.map(({ name, value }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a header may be repeated
        <div key={index}>
          <dt>
            <Foreign text={name} />
          </dt>
          <dd>
            <Foreign text={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
