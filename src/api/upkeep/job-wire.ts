/** `/v1/jobs` on the wire. */
import Type, { type Static } from "typebox";
import { ID_PREFIX } from "../../domain/ids.ts";
import { LIST_PAGE_DEFAULT, LIST_PAGE_MAX } from "../../domain/limits.ts";
import { wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import { JOB_KINDS, JOB_STATES } from "../../domain/upkeep/job.ts";
import type { Job, JobActor } from "../../ports/store.ts";
import { listOf, NextPageFields } from "../lists/pages.ts";
import { Nullable, Time } from "../schema/schemas.ts";

export const JOB_LIST = listOf("jobs", {
  limitMax: LIST_PAGE_MAX,
  limitDefault: LIST_PAGE_DEFAULT,
  filters: { state: Type.Optional(Type.Enum([...JOB_STATES])), kind: Type.Optional(Type.Enum([...JOB_KINDS])) },
});

export const JobResponse = Type.Object(
  {
    id: Type.String(),
    kind: Type.Enum([...JOB_KINDS]),
    state: Type.Enum([...JOB_STATES]),
    done: Type.Integer({ description: "Deliveries changed or created so far." }),
    total: Nullable(
      Type.Integer({ description: "Deliveries that matched when the job was started. Null if they were not counted." }),
    ),
    failed: Type.Integer({ description: "Deliveries that could not be changed." }),
    failures: Type.Array(Type.Object({ reason: Type.String(), count: Type.Integer() }), {
      description:
        "Why: `changed` since the job was started, `ended`, `not_failed`, `test`, `endpoint_deleted` or `endpoint_disabled`.",
    }),
    per_second: Nullable(
      Type.Integer({ description: "The limit of deliveries changed in a second. Null is no limit." }),
    ),
    endpoint_id: Nullable(Type.String({ description: "The job's endpoint, if it concerns only one." })),
    by: Nullable(
      Type.Object(
        {
          kind: Type.Enum(["key", "user", "system"]),
          id: Type.String(),
          name: Nullable(Type.String({ description: "The name of the key, or the email address of the user." })),
        },
        { description: "Who started it." },
      ),
    ),
    created_at: Time,
    finished_at: Nullable(Time),
  },
  { title: "Job" },
);
export const JobsResponse = Type.Object({ results: Type.Array(JobResponse), ...NextPageFields }, { title: "JobPage" });

export function jobJson(job: Job): Static<typeof JobResponse> {
  const failures = Object.entries(job.failures).map(([reason, count]) => ({ reason, count }));
  return {
    id: ID_PREFIX.job + job.id,
    kind: job.kind,
    state: job.state,
    done: job.done,
    total: job.total,
    failed: failures.reduce((sum, { count }) => sum + count, 0),
    failures,
    per_second: job.perSecond,
    endpoint_id: job.endpointId === null ? null : ID_PREFIX.endpoint + job.endpointId,
    by: job.by === null ? null : byJson(job.by),
    created_at: wholeSeconds(job.createdAt),
    finished_at: wholeSecondsOrNull(job.finishedAt),
  };
}

function byJson({ kind, id, name }: JobActor) {
  return { kind, id: (kind === "user" ? ID_PREFIX.user : ID_PREFIX.key) + id, name };
}
