/** What an attempt sent and got: timings, request and response. They are read when it is shown. */
import { Alert, Code, Group, Stack, Text, Title } from "@mantine/core";
import type { AttemptDetails, HeaderField } from "@signalbox/sdk";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { delivery as m } from "../../messages/en/delivery.ts";
import { useApi, useTenant } from "../../session/api.ts";
import { LaterSkeleton } from "../feedback/later-skeleton.tsx";
import { Problem } from "../feedback/problem.tsx";
import { Foreign } from "../text/foreign.tsx";
import { Payload } from "../text/payload.tsx";
import { CopyCurl } from "./copy-curl.tsx";
import { DownloadFixture } from "./download-fixture.tsx";
import classes from "./exchange.module.css";
import { TimingBars } from "./timing-bars.tsx";

export function AttemptExchange({ deliveryId, number }: { readonly deliveryId: string; readonly number: number }) {
  const api = useApi();
  const tenant = useTenant();
  const query = useQuery({
    queryKey: ["attempt", tenant, deliveryId, number],
    queryFn: ({ signal }) => api.deliveries.getAttempt(deliveryId, number, { signal }),
    // What an attempt sent and got does not change.
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (query.data !== undefined) return <Exchange details={query.data} />;
  if (query.error === null) return <LaterSkeleton rows={4} height={28} />;
  return <Problem error={query.error} onRetry={() => void query.refetch()} isRetrying={query.isFetching} />;
}

function Exchange({ details }: { readonly details: AttemptDetails }) {
  const { request, response, timings, error } = details;
  // The line above says the status already.
  const saysMore = error !== null && error !== `HTTP ${response?.http_status}`;
  return (
    <Stack gap="md">
      {saysMore && (
        <Text className={classes.error}>
          <Foreign text={error} />
        </Text>
      )}
      {timings !== null && <TimingBars timings={timings} />}
      <Part
        title={m.request}
        aside={
          <Group gap="xs">
            <DownloadFixture details={details} />
            <CopyCurl details={details} />
          </Group>
        }
      >
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
