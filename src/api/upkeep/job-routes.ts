/** `/v1/jobs`: background jobs and their progress. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, invalidState, JOB_NOT_FOUND, refuse } from "../errors/v1-errors.ts";
import { type ById, readById } from "../http/by-id.ts";
import { sendPages } from "../lists/pages.ts";
import { PathId } from "../schema/schemas.ts";
import { JOB_LIST, JobResponse, JobsResponse, jobJson } from "./job-wire.ts";

const tags = ["Jobs"];
const parseJobId = (text: string) => parseId(ID_PREFIX.job, text);

export function registerJobRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.get("/v1/jobs", LIST, listJobs(deps));
  app.get<ById>("/v1/jobs/:id", READ, readJob(deps));
  app.post<ById>("/v1/jobs/:id/cancel", CANCEL, cancelJob(deps));
}

const LIST = {
  schema: {
    tags,
    operationId: "listJobs",
    summary: "List background jobs, newest first",
    description: "Finished jobs are kept as long as the history.",
    querystring: JOB_LIST.Query,
    response: { 200: JobsResponse, ...errorResponses() },
  },
};

function listJobs({ engine }: ApiDeps) {
  return sendPages(engine, refuse, JOB_LIST, {
    field: "results",
    read: async (caller, { filters, cursor, limit }) => {
      const { state = null, kind = null } = filters;
      const { jobs, next } = await engine.jobs.list(caller, { state, kind, cursor, limit });
      return { rows: jobs, next };
    },
    text: (job) => JSON.stringify(jobJson(job)),
  });
}

const READ = {
  schema: {
    tags,
    operationId: "getJob",
    summary: "Read the progress of a job",
    params: PathId,
    response: { 200: JobResponse, ...errorResponses(404) },
  },
};

function readJob({ engine }: ApiDeps) {
  const jobs = { parseId: parseJobId, notFound: JOB_NOT_FOUND, refuse };
  return readById(jobs, (caller, id) => engine.jobs.get(caller, id), jobJson);
}

const CANCEL = {
  schema: {
    tags,
    operationId: "cancelJob",
    summary: "Stop a job",
    description:
      "What it has changed stays changed. The job that completes the deletion of an endpoint cannot be stopped.",
    params: PathId,
    response: { 200: JobResponse, ...errorResponses(404, 409, 413, 415) },
  },
};

function cancelJob({ engine: { jobs } }: ApiDeps) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    const id = parseJobId(request.params.id);
    if (id === null) return refuse(reply, JOB_NOT_FOUND);
    switch (await jobs.cancel(request.caller, id)) {
      case "ended":
        return refuse(reply, invalidState("The job has already ended."));
      case "mustEnd":
        return refuse(reply, invalidState("The endpoint is deleted, so its backlog is cancelled completely."));
      case "unknown":
        return refuse(reply, JOB_NOT_FOUND);
      case "cancelled": {
        const job = await jobs.get(request.caller, id);
        return job === null ? refuse(reply, JOB_NOT_FOUND) : jobJson(job);
      }
    }
  };
}
