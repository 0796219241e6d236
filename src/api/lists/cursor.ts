/**
 * Cursors of lists and of the stream. Clients see them sealed (`engine/history/cursors.ts`). A hook opens the cursor of a
 * request first, so that schemas and routes only see plain ones.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Engine } from "../../engine/engine-types.ts";
import type { Cursor } from "../../ports/store.ts";

export const LIST_NAMES = [
  "deliveries",
  "deliveries-by-attempts",
  "endpoints",
  "events",
  "eventTypes",
  "jobs",
  "keys",
  "outcomes",
  "pauses",
  "pauses-by-deadline",
  "sources",
  "tenants",
  "users",
] as const;
export type ListName = (typeof LIST_NAMES)[number];

const MARK: Readonly<Record<ListName, string>> = {
  deliveries: "d",
  "deliveries-by-attempts": "a",
  endpoints: "e",
  events: "v",
  eventTypes: "y",
  jobs: "j",
  keys: "k",
  outcomes: "o",
  pauses: "p",
  "pauses-by-deadline": "l",
  sources: "s",
  tenants: "t",
  users: "u",
};
const FORM = /^([a-z])([0-9a-z]{1,15})$/;

/** At most 16 characters, the maximum that can be sealed. */
export function encodeCursor(list: ListName, cursor: Cursor): string {
  return MARK[list] + cursor;
}

/** Null for a cursor that is not of this list. */
export function decodeCursor(list: ListName, text: string): Cursor | null {
  const match = FORM.exec(text);
  return match !== null && match[1] === MARK[list] ? (match[2] as Cursor) : null;
}

export function sealCursor({ cursors }: Pick<Engine, "cursors">, list: ListName, cursor: Cursor): string {
  return cursors.seal(encodeCursor(list, cursor));
}

export function openCursor({ cursors }: Pick<Engine, "cursors">, list: ListName, sealed: string): Cursor | null {
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
