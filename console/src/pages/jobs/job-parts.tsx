/** How a job shows in the list and on its page. */
import "@mantine/core/styles/Progress.css";
import { Progress } from "@mantine/core";
import type { Job } from "@signalbox/sdk";
import { jobs as m } from "../../messages/en/jobs.ts";
import { Foreign } from "../../parts/text/foreign.tsx";
import { StateBadge, type Tone } from "../../parts/text/state-badge.tsx";
import classes from "./jobs.module.css";

const TONES: Readonly<Record<Job["state"], Tone>> = { running: "busy", done: "ok", cancelled: "idle" };

export function JobState({ job: { state, failed } }: { readonly job: Pick<Job, "state" | "failed"> }) {
  return <StateBadge tone={state === "done" && failed > 0 ? "warn" : TONES[state]} word={m.states[state]} />;
}

/** Done and not changed, of the total. Between 0 and 1; null when the total is not known. */
export function shareOf({ done, failed, total, state }: Job): number | null {
  if (total === null) return null;
  if (total === 0) return state === "done" ? 1 : 0;
  return Math.min(1, (done + failed) / total);
}

export function JobProgress({ job }: { readonly job: Job }) {
  const share = shareOf(job);
  return (
    <div className={classes.progress}>
      <span>
        {m.done(job.kind, job.done, job.total)}
        {job.failed > 0 && `, ${m.failed(job.failed)}`}
      </span>
      {share !== null && <Progress value={share * 100} aria-label={m.progress} size="sm" />}
    </div>
  );
}

export function StartedBy({ by }: Pick<Job, "by">) {
  if (by === null) return <span>{m.unknownActor}</span>;
  if (by.kind === "system") return <span>{m.system}</span>;
  const name = by.name ?? by.id;
  return <Foreign text={by.kind === "key" ? m.byKey(name) : name} charsMax={80} />;
}
