/** `/dashboard/webhooks/deliveries/export`: the delivery history as a file, read as fast as the client takes it. */
import type { OutgoingHttpHeaders } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import type { LedgerReading } from "../../engine/history/ledger.ts";
import { bearerKey } from "../access/auth.ts";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, refuse } from "../errors/dashboard-errors.ts";
import { invalid, type Problem, problem } from "../errors/problem.ts";
import { EXPORT_RETRY_AFTER_SECONDS } from "../http/limits.ts";
import { checkExportQuery, ExportQuery, exportFilter } from "./dashboard-delivery-wire.ts";
import { EXPORT_FORMATS, type ExportFormat } from "./export-format.ts";
import { type Ending, sendExport } from "./export-sending.ts";
import { openExportWriter } from "./export-writer.ts";

const TOO_MANY_EXPORTS: Problem = {
  ...problem(429, "TOO_MANY_EXPORTS", "As many exports are under way as may be; wait until one has ended."),
  headers: { "retry-after": String(EXPORT_RETRY_AFTER_SECONDS) },
};
const FILE = Type.String();

export function registerExportRoute(app: FastifyInstance, deps: ApiDeps): void {
  app.get(
    "/dashboard/webhooks/deliveries/export",
    {
      exposeHeadRoute: false,
      schema: {
        tags: ["Dashboard"],
        operationId: "exportDashboardDeliveries",
        summary: "Export the delivery history as a file",
        description:
          "All that the filters let through, in creation order: as CSV (RFC 4180, UTF-8 with a byte order mark), where " +
          "an apostrophe stands before what a spreadsheet would take for a formula, or as one JSON object a line. " +
          "A transfer that breaks off is not whole.",
        querystring: ExportQuery,
        response: {
          200: {
            description: "A file.",
            content: { "text/csv": { schema: FILE }, "application/x-ndjson": { schema: FILE } },
          },
          ...errorResponses(429),
        },
      },
    },
    async (request, reply) => {
      const query = checkExportQuery(request.query);
      if (query.kind === "faults") return refuse(reply, invalid(query.faults));
      const reading = deps.engine.ledger.open(request.caller, exportFilter(query.value));
      if (reading === null) return refuse(reply, TOO_MANY_EXPORTS);
      await answerWith({ reading, rendering: EXPORT_FORMATS[query.value.format ?? "csv"], request, reply }, deps);
      return reply;
    },
  );
}

interface Export {
  readonly reading: LedgerReading;
  readonly rendering: ExportFormat;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

async function answerWith({ reading, rendering, request, reply }: Export, deps: ApiDeps): Promise<void> {
  const first = await firstOf(reading);
  reply.hijack();
  const { raw: answer } = reply;
  const { socket: connection } = request.raw;
  const outlet = openExportWriter({
    answer,
    connection,
    stopped: reading.stopped,
    clock: deps.clock,
    onOver: reading.close,
  });
  reply.headers({
    "content-type": rendering.contentType,
    "content-disposition": `attachment; filename="${rendering.fileName}"`,
  });
  answer.writeHead(200, reply.getHeaders() as OutgoingHttpHeaders);
  let ending: Ending | "broke" = "broke";
  try {
    ending = await sendExport({ first, reading, rendering, outlet, mayGoOn: () => isStillIn(deps, request) });
  } catch (error) {
    deps.telemetry.noticed({ level: "error", what: "export_broke", fields: { error: String(error) } });
  }
  if (ending === "whole") outlet.finish();
  else outlet.breakOff();
}

/** Before there is an answer, so that what goes wrong gets its proper status. */
async function firstOf(reading: LedgerReading) {
  try {
    return (await reading.next()) ?? [];
  } catch (error) {
    reading.close();
    throw error;
  }
}

/** Whether the session or the key that the request came with still holds: an export takes minutes. */
async function isStillIn({ engine }: ApiDeps, { session, headers }: FastifyRequest): Promise<boolean> {
  if (session !== null) return engine.sessions.holds(session);
  const apiKey = bearerKey(headers.authorization);
  return apiKey !== null && (await engine.access.authenticate(apiKey)) !== null;
}
