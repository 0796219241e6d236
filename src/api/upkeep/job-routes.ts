/** `/v1/jobs`: the progress of background jobs. */
import type { FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import { wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import type { Job } from "../../ports/store.ts";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, JOB_NOT_FOUND, refuse } from "../errors/v1-errors.ts";
import { Nullable, PathId, Time } from "../schema/schemas.ts";

const JobResponse = Type.Object(
  {
    id: Type.String(),
    kind: Type.Enum(["recover", "cancel_backlog"]),
    state: Type.Enum(["running", "done"]),
    done: Type.Integer({ description: "Deliveries changed or created so far." }),
    created_at: Time,
    finished_at: Nullable(Time),
  },
  { title: "Job" },
);

export function registerJobRoute(app: FastifyInstance, { engine }: ApiDeps): void {
  app.get<{ Params: { id: string } }>(
    "/v1/jobs/:id",
    {
      schema: {
        tags: ["Endpoints"],
        operationId: "getJob",
        summary: "Read the progress of a job",
        params: PathId,
        response: { 200: JobResponse, ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const id = parseId(ID_PREFIX.job, request.params.id);
      const job = id === null ? null : await engine.history.getJob(request.caller, id);
      return job === null ? refuse(reply, JOB_NOT_FOUND) : jobJson(job);
    },
  );
}

function jobJson(job: Job): Static<typeof JobResponse> {
  return {
    id: ID_PREFIX.job + job.id,
    kind: job.kind,
    state: job.state,
    done: job.done,
    created_at: wholeSeconds(job.createdAt),
    finished_at: wholeSecondsOrNull(job.finishedAt),
  };
}
