/**
 * Cursors of lists and of the stream. Clients see them sealed (`engine/history/cursors.ts`). A hook opens the cursor of a
 * request first, so that schemas and routes only see plain ones.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Seq } from "../../domain/ids.ts";
import type { Engine } from "../../engine/engine-types.ts";

export const LIST_NAMES = ["deliveries", "endpoints", "keys", "outcomes", "pauses", "sources", "tenants"] as const;
export type ListName = (typeof LIST_NAMES)[number];

const MARK: Readonly<Record<ListName, string>> = {
  deliveries: "d",
  endpoints: "e",
  keys: "k",
  outcomes: "o",
  pauses: "p",
  sources: "s",
  tenants: "t",
};
const FORM = /^([a-z])(0|[1-9]\d{0,14})$/;

/** At most 16 characters, the maximum that can be sealed. */
export function encodeCursor(list: ListName, seq: Seq): string {
  return MARK[list] + seq;
}

/** Null for a cursor that is not of this list. */
export function decodeCursor(list: ListName, cursor: string): Seq | null {
  const match = FORM.exec(cursor);
  return match !== null && match[1] === MARK[list] ? Number(match[2]) : null;
}

export function sealCursor({ cursors }: Pick<Engine, "cursors">, list: ListName, seq: Seq): string {
  return cursors.seal(encodeCursor(list, seq));
}

export function openCursor({ cursors }: Pick<Engine, "cursors">, list: ListName, sealed: string): Seq | null {
  return decodeCursor(list, cursors.open(sealed) ?? "");
}

/** Opens the `cursor` of every route that has one. Call it before routes are registered. */
export function installCursors(app: FastifyInstance, engine: Pick<Engine, "cursors">): void {
  const open = (request: FastifyRequest, _reply: unknown, done: () => void): void => {
    const query = request.query as Record<string, unknown>;
    // A cursor that cannot be opened becomes one that no list accepts, so that it is listed with the other faults.
    if (typeof query.cursor === "string") query.cursor = engine.cursors.open(query.cursor) ?? "";
    done();
  };
  app.addHook("onRoute", (route) => {
    const query = route.schema?.querystring as { properties?: Record<string, unknown> } | undefined;
    if (query?.properties?.cursor !== undefined) route.preHandler = [open, ...[route.preHandler ?? []].flat()];
  });
}
