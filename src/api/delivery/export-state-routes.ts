/** `/v1/exports/{token}`: how far an export of the delivery history is. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import type { ApiDeps } from "../deps.ts";
import { EXPORT_NOT_FOUND, errorResponses, refuse } from "../errors/v1-errors.ts";
import { Nullable } from "../schema/schemas.ts";
import { exportJson } from "./stream-wire.ts";

type ByToken = { Params: { token: string } };

export function registerExportStateRoute(app: FastifyInstance, deps: ApiDeps): void {
  app.get<ByToken>("/v1/exports/:token", READ, readState(deps));
}

const READ = {
  schema: {
    tags: ["Jobs"],
    operationId: "getExport",
    summary: "Read how far an export of the delivery history is",
    description:
      "For exports that were started with `progress`. The server forgets an export when it restarts, and after 1000 others.",
    params: Type.Object({ token: Type.String({ description: "The export's `progress`." }) }),
    response: {
      200: Type.Object(
        {
          token: Type.String(),
          state: Type.Enum(["running", "done", "failed"]),
          rows: Type.Integer({ description: "Rows read so far." }),
          total: Nullable(Type.Integer({ description: "Rows that matched when the export began." })),
        },
        { title: "Export" },
      ),
      ...errorResponses(404),
    },
  },
};

function readState({ engine: { ledger } }: ApiDeps) {
  return async (request: FastifyRequest<ByToken>, reply: FastifyReply): Promise<object> => {
    const progress = ledger.progress(request.caller, request.params.token);
    return progress === null ? refuse(reply, EXPORT_NOT_FOUND) : exportJson(progress);
  };
}
