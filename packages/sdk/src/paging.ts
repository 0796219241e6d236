/** Follow the pages of a list. */
import { SignalboxError } from "./errors.ts";
import type { CallOptions, Query, Transport } from "./http.ts";

/** Options for iterating over a list. */
export interface ListOptions extends CallOptions {
  /** Rows per page. Default: the server's. */
  readonly limit?: number;
}

/** Options for one page of a list. */
export interface PageOptions extends ListOptions {
  /** The `next` of the page before. Default: the first page. */
  readonly cursor?: string | undefined;
}

/** One page of a list. */
export interface LinkedPage<Row> {
  readonly rows: readonly Row[];
  /** The cursor of the next page, or null on the last one. */
  readonly next: string | null;
}

/** One page of a list whose pages are plain arrays with a `Link` header to the next page. */
export async function linkedPage<Row>(
  transport: Transport,
  path: string,
  { limit, cursor, signal }: PageOptions,
  filter: Query = {},
): Promise<LinkedPage<Row>> {
  const query = { ...filter, limit, cursor };
  const { body, headers } = await transport.call<Row[]>({ method: "GET", path, query, signal });
  return { rows: body, next: nextCursor(headers) ?? null };
}

/** One page of a list whose pages are objects with the rows in `field`. */
export async function cursorPage<Row>(
  transport: Transport,
  { path, field }: { readonly path: string; readonly field: string },
  { limit, cursor, signal }: PageOptions,
): Promise<LinkedPage<Row>> {
  const call = { method: "GET", path, query: { limit, cursor }, signal } as const;
  const { body } = await transport.call<Record<string, unknown>>(call);
  return { rows: body[field] as readonly Row[], next: (body.next_cursor ?? null) as string | null };
}

/** Every row of a list whose pages are plain arrays with a `Link` header to the next page. */
export async function* linkedPages<Row>(
  transport: Transport,
  path: string,
  options: ListOptions | undefined,
  filter: Query = {},
): AsyncGenerator<Row, void, undefined> {
  let cursor: string | undefined;
  do {
    const page: LinkedPage<Row> = await linkedPage<Row>(transport, path, { ...options, cursor }, filter);
    yield* page.rows;
    cursor = advanced(cursor, page.next ?? undefined);
  } while (cursor !== undefined);
}

/**
 * The cursor in `Link: <…>; rel="next"` (RFC 8288). Only the cursor is used, so that no response can send the key to
 * another host.
 */
function nextCursor(headers: Headers): string | undefined {
  const target = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(headers.get("link") ?? "")?.[1];
  if (target === undefined) return undefined;
  return new URL(target, "http://relative.invalid").searchParams.get("cursor") ?? undefined;
}

/** Check that the cursor has advanced. A page that names itself as the next one would cause an endless loop. */
export function advanced(cursor: string | undefined, next: string | undefined): string | undefined {
  if (next === undefined || next !== cursor) return next;
  throw new SignalboxError({
    status: 200,
    code: "PROTOCOL_ERROR",
    message: "The cursor of the next page is the same as that of this page.",
  });
}
