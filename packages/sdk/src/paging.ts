/** How one page of a list leads to the next. */
import { SignalboxError } from "./errors.ts";
import type { CallOptions, Transport } from "./http.ts";

/** How to walk through a list. */
export interface ListOptions extends CallOptions {
  /** Rows of one page; default the server's. */
  readonly limit?: number;
}

/** Every row of a list whose pages are bare arrays and name their successor in a `Link` header. */
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

/** The cursor of `Link: <…>; rel="next"` (RFC 8288); only it is taken, so that no answer can send the key elsewhere. */
function nextCursor(headers: Headers): string | undefined {
  const target = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(headers.get("link") ?? "")?.[1];
  if (target === undefined) return undefined;
  return new URL(target, "http://relative.invalid").searchParams.get("cursor") ?? undefined;
}

/** A page that names itself as its successor would never end. */
export function advanced(cursor: string | undefined, next: string | undefined): string | undefined {
  if (next === undefined || next !== cursor) return next;
  throw new SignalboxError({ status: 200, code: "PROTOCOL_ERROR", message: "A page's next cursor is its own." });
}
