/** `/v1/audit`: the audit log. */
import type { FastifyInstance } from "fastify";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, refuse } from "../errors/pauses-errors.ts";
import { invalid } from "../errors/problem.ts";
import { AuditQuery, AuditResponse, auditInput, auditJson, checkAuditQuery } from "./audit-wire.ts";

const LIST = {
  config: { needs: "org_admin" },
  schema: {
    tags: ["Audit"],
    operationId: "listAudit",
    summary: "List the entries of the audit log, newest first",
    querystring: AuditQuery,
    response: { 200: AuditResponse, ...errorResponses() },
  },
} as const;

export function registerAuditRoute(app: FastifyInstance, { engine }: ApiDeps): void {
  app.get("/v1/audit", LIST, async (request, reply) => {
    const query = checkAuditQuery(request.query);
    if (query.kind === "faults") return refuse(reply, invalid(query.faults));
    const input = auditInput(query.value);
    return auditJson(await engine.auditLog.list(request.caller, input), input);
  });
}
