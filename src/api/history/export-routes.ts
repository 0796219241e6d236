/** `/dashboard/webhooks/deliveries/export`: the delivery history as a file. */
import type { OutgoingHttpHeaders } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import type { LedgerExport } from "../../engine/history/ledger.ts";
import type { LedgerRow } from "../../ports/store.ts";
import { isAuthorized } from "../access/auth.ts";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, refuse } from "../errors/dashboard-errors.ts";
import { invalid, problem, temporary } from "../errors/problem.ts";
import { EXPORT_RETRY_AFTER_SECONDS } from "../http/limits.ts";
import { checkExportQuery, ExportQuery, exportFilter } from "./dashboard-delivery-wire.ts";
import { EXPORT_FORMATS, type ExportFormat } from "./export-format.ts";
import { type ExportEnd, sendExport } from "./export-sending.ts";
import { openExportWriter } from "./export-writer.ts";

export function registerExportRoute(app: FastifyInstance, deps: ApiDeps): void {
  app.get(PATH, EXPORT, exportDeliveries(deps));
  app.head(PATH, { schema: { hide: true, querystring: ExportQuery } }, mayExport(deps));
}

const PATH = "/dashboard/webhooks/deliveries/export";

const FILE = Type.String();
const EXPORT = {
  exposeHeadRoute: false,
  schema: {
    tags: ["Dashboard"],
    operationId: "exportDashboardDeliveries",
    summary: "Export the delivery history as a file",
    description:
      "All deliveries that match the filters, in creation order: as CSV (RFC 4180, UTF-8 with a byte-order mark) or with " +
      "one JSON object per line. In CSV, an apostrophe precedes text that a spreadsheet would interpret as a formula. If " +
      "the server cannot complete the file, it resets the connection. Besides the filters of the dashboard's list, it takes " +
      "those of `/v1/deliveries`, with `state` in place of `status`.",
    querystring: ExportQuery,
    response: {
      200: {
        description: "A file.",
        content: { "text/csv": { schema: FILE }, "application/x-ndjson": { schema: FILE } },
      },
      ...errorResponses(429),
    },
  },
};

function exportDeliveries(deps: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const query = checkExportQuery(request.query);
    if (query.kind === "faults") return refuse(reply, invalid(query.faults));
    const pages = deps.engine.ledger.open(request.caller, exportFilter(query.value), query.value.progress ?? null);
    if (pages === null) return refuse(reply, TOO_MANY_EXPORTS);
    const format = EXPORT_FORMATS[query.value.format ?? "csv"];
    // Read before the response begins, so that a failure still gets its own status.
    const firstPage = await firstOf(pages);
    await sendFile({ firstPage, pages, format, request, reply }, deps);
    return reply;
  };
}

/** `HEAD` responds as `GET` would, and starts no export. A browser cannot see the status of a download. */
function mayExport({ engine }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const query = checkExportQuery(request.query);
    if (query.kind === "faults") return refuse(reply, invalid(query.faults));
    if (!engine.ledger.mayOpen(request.caller)) return refuse(reply, TOO_MANY_EXPORTS);
    return reply
      .code(200)
      .header("content-type", EXPORT_FORMATS[query.value.format ?? "csv"].contentType)
      .send();
  };
}

const TOO_MANY_EXPORTS = temporary(
  problem(429, "TOO_MANY_EXPORTS", "The maximum number of exports is in progress. Wait until one has finished."),
  EXPORT_RETRY_AFTER_SECONDS,
);

async function firstOf(pages: LedgerExport): Promise<readonly LedgerRow[]> {
  try {
    return (await pages.next()) ?? [];
  } catch (error) {
    pages.ended(false);
    pages.close();
    throw error;
  }
}

interface OpenExport {
  readonly firstPage: readonly LedgerRow[];
  readonly pages: LedgerExport;
  readonly format: ExportFormat;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

async function sendFile({ firstPage, pages, format, request, reply }: OpenExport, deps: ApiDeps): Promise<void> {
  reply.hijack();
  const { raw: response } = reply;
  const { socket: connection } = request.raw;
  const { clock, telemetry } = deps;
  const writer = openExportWriter({ response, connection, stopped: pages.stopped, clock, onEnd: () => pages.close() });
  reply.headers({
    "content-type": format.contentType,
    "content-disposition": `attachment; filename="${format.fileName}"`,
  });
  response.writeHead(200, reply.getHeaders() as OutgoingHttpHeaders);
  let end: ExportEnd | "failed" = "failed";
  try {
    end = await sendExport({ firstPage, pages, format, writer, isAuthorized: () => isAuthorized(deps, request) });
  } catch (error) {
    telemetry.noticed({ level: "error", what: "export_broke", fields: { error: String(error) } });
  }
  pages.ended(end === "complete");
  if (end === "complete") writer.finish();
  else writer.breakOff();
}
