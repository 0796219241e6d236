/** Follow the pages of a list. */
import { SignalboxError } from "./errors.ts";
import type { CallOptions, Transport } from "./http.ts";

/** Options for iterating over a list. */
export interface ListOptions extends CallOptions {
  /** Rows per page. Default: the server's. */
  readonly limit?: number;
}

/** Every row of a list whose pages are plain arrays with a `Link` header to the next page. */
export async function* linkedPages<Row>(
  transport: Transport,
  path: string,
  options: ListOptions | undefined,
): AsyncGenerator<Row, void, undefined> {
  let cursor: string | undefined;
  do {
    const query = { limit: options?.limit, cursor };
    const page = await transport.call<Row[]>({ method: "GET", path, query, signal: options?.signal });
    yield* page.body;
    cursor = advanced(cursor, nextCursor(page.headers));
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
