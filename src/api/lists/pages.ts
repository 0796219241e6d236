/** Lists in pages that a cursor joins: one schema, one parser and one handler for all of them. */
import type { FastifyReply, FastifyRequest } from "fastify";
import Type, { type Static, type TObject, type TProperties } from "typebox";
import type { Caller } from "../../engine/access/caller.ts";
import type { Engine } from "../../engine/engine-types.ts";
import type { Cursor } from "../../ports/store.ts";
import { invalid, type Refuse } from "../errors/problem.ts";
import { JSON_TYPE } from "../http/content-type.ts";
import type { Checked } from "../schema/check.ts";
import { queryChecker } from "../schema/query.ts";
import { decodeCursor, type ListName, sealCursor } from "./cursor.ts";

/** The page that a caller requests. */
export interface PageRequest<Filters extends TProperties> {
  readonly filters: Static<TObject<Filters>>;
  /** Where the page begins. Null for the first page. */
  readonly cursor: Cursor | null;
  readonly limit: number;
}

/** One page as the engine returns it. It may be shorter than the limit although there are more rows. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Where the next page begins. Null on the last page. */
  readonly next: Cursor | null;
}

/** A list: its name, and the query parameters that it accepts. */
export interface List<Filters extends TProperties> {
  readonly name: ListName;
  readonly Query: TObject;
  readonly parse: (query: unknown) => Checked<PageRequest<Filters>>;
}

export type PageRequestOf<L> = L extends List<infer Filters> ? PageRequest<Filters> : never;

export interface ListOptions<Filters extends TProperties> {
  readonly limitMax: number;
  /** `limitMax` by default. */
  readonly limitDefault?: number;
  readonly filters: Filters;
}

export function listOf<Filters extends TProperties>(
  name: ListName,
  { limitMax, limitDefault = limitMax, filters }: ListOptions<Filters>,
): List<Filters> {
  const Query = Type.Object(
    {
      ...filters,
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limitMax, default: limitDefault })),
      cursor: Type.Optional(Type.String({ format: `${name}-cursor` })),
    },
    { additionalProperties: false },
  );
  const check = queryChecker(Query);
  return {
    name,
    Query,
    parse(query) {
      const checked = check(query);
      if (checked.kind === "faults") return checked;
      const { limit = limitDefault, cursor: text, ...others } = checked.value as { limit?: number; cursor?: string };
      const cursor = text === undefined ? null : decodeCursor(name, text);
      return { kind: "ok", value: { cursor, limit, filters: others as Static<TObject<Filters>> } };
    },
  };
}

/** Where a list's rows come from, and what a page of them looks like. */
export interface ListSource<Filters extends TProperties, Row> {
  readonly read: (caller: Caller, page: PageRequest<Filters>) => Promise<Page<Row>>;
  /** A row as JSON text, for this request. */
  readonly text: (row: Row, request: FastifyRequest) => string;
  /**
   * A page is an object with the rows in this field, `has_more` and `next_cursor`. Without a field, a page is a bare array,
   * and its `Link` header leads to the next page.
   */
  readonly field?: string;
}

/** The fields of a page that lead to the next one, for the schema of a response. */
export const NextPageFields = {
  has_more: Type.Boolean({
    description:
      "A page can be shorter than `limit`, even empty, while there are more rows: continue with `next_cursor`.",
  }),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
};

/** A handler that sends one page of a list. */
export function sendPages<Filters extends TProperties, Row>(
  engine: Pick<Engine, "cursors">,
  refuse: Refuse,
  list: List<Filters>,
  { read, text, field }: ListSource<Filters, Row>,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    const query = list.parse(request.query);
    if (query.kind === "faults") return refuse(reply, invalid(query.faults));
    const { rows, next } = await read(request.caller, query.value);
    const cursor = next === null ? null : sealCursor(engine, list.name, next);
    const items = `[${rows.map((row) => text(row, request)).join(",")}]`;
    reply.type(JSON_TYPE);
    if (field !== undefined) {
      const end = JSON.stringify({ has_more: cursor !== null, next_cursor: cursor });
      return reply.send(`{"${field}":${items},${end.slice(1)}`);
    }
    if (cursor !== null) reply.header("link", nextLink(request, { limit: query.value.limit, cursor }));
    return reply.send(items);
  };
}

/** The value of a `Link` header (RFC 8288). The URL is relative, so that it is right behind any proxy. */
function nextLink(request: FastifyRequest, page: { readonly limit: number; readonly cursor: string }): string {
  const url = new URL(request.url, "http://localhost");
  url.searchParams.set("limit", String(page.limit));
  url.searchParams.set("cursor", page.cursor);
  return `<${url.pathname}${url.search}>; rel="next"`;
}
