import type { Endpoint, EndpointFilter, Signalbox } from "@signalbox/sdk";
import type { ListPageOf } from "../list/cursor-list.ts";

/** As many reads as a tenant with the most endpoints needs, at 2000 endpoints each. */
const READS_MAX = 6;

interface Wanted extends EndpointFilter {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly signal: AbortSignal;
}

/** One page of endpoints that match. The server may answer with fewer than `limit` although there are more. */
export async function readEndpoints(
  api: Signalbox,
  { limit, cursor, ...options }: Wanted,
): Promise<ListPageOf<Endpoint>> {
  const rows: Endpoint[] = [];
  let next = cursor;
  for (let reads = 0; reads < READS_MAX && rows.length < limit; reads += 1) {
    const page = await api.endpoints.page({ ...options, limit: limit - rows.length, cursor: next });
    rows.push(...page.rows);
    next = page.next ?? undefined;
    if (next === undefined) break;
  }
  return { rows, next: next ?? null };
}
