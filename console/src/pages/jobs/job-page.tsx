/** `/console/jobs/{id}`: the progress of a job, and its cancellation. */
import "@mantine/core/styles/Progress.css";
import { Button, Group, Progress, Stack, Text } from "@mantine/core";
import type { Job } from "@signalbox/sdk";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { form, keys } from "../../messages/en/app.ts";
import { jobs as m } from "../../messages/en/jobs.ts";
import { CopyButton } from "../../parts/actions/copy-button.tsx";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { Dialog } from "../../parts/actions/dialog.tsx";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Missing } from "../../parts/feedback/missing.tsx";
import { isMissing, Problem } from "../../parts/feedback/problem.tsx";
import { useShortcuts } from "../../parts/keys/shortcuts.ts";
import { useRecordKeys } from "../../parts/list/record-keys.ts";
import { decimal } from "../../parts/locale.ts";
import { Go, usePathParam } from "../../parts/page/go.tsx";
import { Page, Section } from "../../parts/page/page.tsx";
import { NameValues } from "../../parts/text/name-values.tsx";
import { duration } from "../../parts/time/format.ts";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { MayAct } from "../../session/may-act.tsx";
import { useReadAgain } from "../../session/read-again.ts";
import { JobState, StartedBy, shareOf } from "./job-parts.tsx";
import classes from "./jobs.module.css";

/** How often a running job is read again, besides what the stream tells. */
const REFRESH_MS = 2000;
const NOT_DELIVERED = ["PENDING", "SCHEDULED", "HELD", "IN_PROGRESS", "FAILED", "EXPIRED"];

export default function JobPage() {
  const id = usePathParam("id");
  useRecordKeys(id);
  const api = useApi();
  const tenant = useTenant();
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: ["job", "one", tenant, id],
    queryFn: ({ signal }) => api.jobs.get(id, { signal }),
    refetchInterval: ({ state }) => (state.data?.state === "running" ? REFRESH_MS : false),
  });
  if (isMissing(error)) {
    return (
      <Missing what={m.missing} id={id} to="/jobs" list={m.title} wasThere={data !== undefined}>
        {m.missingHint}
      </Missing>
    );
  }
  if (data !== undefined) return <JobView job={data} error={error} onRetry={() => void refetch()} />;
  if (error === null) return <LaterSkeleton rows={6} />;
  return (
    <Page title={m.title}>
      <Problem error={error} onRetry={() => void refetch()} isRetrying={isFetching} />
    </Page>
  );
}

interface JobViewProps {
  readonly job: Job;
  readonly error: unknown;
  readonly onRetry: () => void;
}

function JobView({ job, error, onRetry }: JobViewProps) {
  return (
    <Page
      title={m.kinds[job.kind]}
      aside={<JobState job={job} />}
      actions={
        <>
          <MayAct>{job.kind !== "cancel_backlog" && <CancelJob job={job} />}</MayAct>
          <CopyView request={{ path: `/v1/jobs/${job.id}` }} />
        </>
      }
    >
      {error !== null && <Problem error={error} onRetry={onRetry} />}
      <JobProgressSection job={job} />
      {job.failures.length > 0 && <Failures job={job} />}
      <Facts job={job} />
    </Page>
  );
}

function JobProgressSection({ job }: { readonly job: Job }) {
  const share = shareOf(job);
  const rate = useRate(job);
  const left = job.total === null ? null : job.total - job.done - job.failed;
  return (
    <Section title={m.progress}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Text fw={600}>{m.done(job.kind, job.done, job.total)}</Text>
          {share !== null && <Text>{m.share(share)}</Text>}
        </Group>
        {share !== null && <Progress value={share * 100} aria-label={m.doneLabel} />}
        {job.state === "running" && (
          <NameValues
            rows={[
              [m.rate, rate === null ? m.measuring : m.rateNow(decimal(rate))],
              ...(left === null ? [] : [[m.left, timeLeft(left, rate)] as const]),
            ]}
          />
        )}
        <Changed job={job} />
      </Stack>
    </Section>
  );
}

/** No delivery names the job that changed it. These lists contain its deliveries, and others like them. */
function Changed({
  job: { kind, created_at: from, finished_at: ended, endpoint_id: endpoint },
}: {
  readonly job: Job;
}) {
  const creates = kind === "bulk_replay" || kind === "recover";
  const requeues = kind === "bulk_retry" || kind === "recover";
  if (!creates && !requeues) return null;
  const ofEndpoint = { ...(endpoint !== null && { endpoint_id: endpoint }) };
  return (
    <Text size="sm" component="div">
      <div>{m.queued}</div>
      {creates && (
        <div>
          <Go
            td="underline"
            to="/deliveries"
            search={{ ...ofEndpoint, from, ...(ended !== null && { to: after(ended) }) }}
          >
            {m.toCreated}
          </Go>
        </div>
      )}
      {requeues && (
        <div>
          <Go td="underline" to="/deliveries" search={{ ...ofEndpoint, status: NOT_DELIVERED, to: after(from) }}>
            {m.toOpen}
          </Go>
        </div>
      )}
    </Text>
  );
}

/** The API has whole seconds, and the end of a filter is not part of it. */
function after(time: string): string {
  return new Date(Date.parse(time) + 1000).toISOString().replace(/\.000Z$/, "Z");
}

function timeLeft(left: number, rate: number | null): string {
  return rate === null || rate === 0 ? m.measuring : duration((left / rate) * 1000);
}

interface Sample {
  readonly atMs: number;
  readonly handled: number;
}

/** Deliveries in a second since the page was opened; null until two readings differ. */
function useRate({ done, failed, created_at: createdAt }: Job): number | null {
  const first = useRef<Sample | null>(null);
  const now = { atMs: Date.now(), handled: done + failed };
  first.current ??= now;
  const since = first.current.handled === now.handled ? { atMs: Date.parse(createdAt), handled: 0 } : first.current;
  const seconds = (now.atMs - since.atMs) / 1000;
  return seconds < 1 || now.handled === 0 ? null : (now.handled - since.handled) / seconds;
}

function Failures({ job: { failures, failed } }: { readonly job: Job }) {
  return (
    <Section title={m.failures}>
      <Text mb="xs">{m.failed(failed)}</Text>
      <ul className={classes.failures}>
        {failures.map(({ reason, count }) => (
          <li key={reason}>
            {count} {m.reasons[reason] ?? reason}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Facts({ job }: { readonly job: Job }) {
  const { by, created_at: started, finished_at: ended, endpoint_id: endpoint, per_second: perSecond, id } = job;
  return (
    <Section title={m.kind}>
      <NameValues
        rows={[
          [m.by, <StartedBy key="by" by={by} />],
          [m.started, <Time key="started" at={started} focusable />],
          ...(ended === null ? [] : [[m.ended, <Time key="ended" at={ended} focusable />] as const]),
          [m.endpoint, <OnlyEndpoint key="endpoint" id={endpoint} />],
          [m.speed, perSecond === null ? m.unlimited : m.perSecond(perSecond)],
          [
            m.id,
            <span key="id">
              {id} <CopyButton small text={id} />
            </span>,
          ],
        ]}
      />
    </Section>
  );
}

function OnlyEndpoint({ id }: { readonly id: string | null }) {
  return id === null ? m.manyEndpoints : <Go to={`/endpoints/${id}`}>{id}</Go>;
}

function CancelJob({ job }: { readonly job: Job }) {
  const api = useApi();
  const readAgain = useReadAgain("job");
  const [isAsking, setAsking] = useState(false);
  const cancel = useMutation({
    mutationFn: () => api.jobs.cancel(job.id),
    onSuccess: () => setAsking(false),
    // After a conflict, too: the page then shows how the job has ended.
    onSettled: readAgain,
  });
  const isRunning = job.state === "running";
  useShortcuts(keys.thisPage, [{ keys: "c", label: m.cancel, run: () => isRunning && setAsking(true) }]);
  return (
    <>
      {isRunning && (
        <Button color="red" variant="light" onClick={() => setAsking(true)}>
          {m.cancel}
        </Button>
      )}
      {isAsking && (
        <Dialog onClose={() => setAsking(false)} title={m.cancelTitle}>
          <Stack>
            <Text>
              {m.done(job.kind, job.done, job.total)}. {m.cancelHint}
            </Text>
            {cancel.error !== null && <Problem error={cancel.error} />}
            {!isRunning && <JobState job={job} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={() => setAsking(false)}>
                {isRunning ? m.keep : form.close}
              </Button>
              {isRunning && (
                <Button color="red" loading={cancel.isPending} onClick={() => cancel.mutate()}>
                  {m.cancelConfirm}
                </Button>
              )}
            </Group>
          </Stack>
        </Dialog>
      )}
    </>
  );
}
