/**
 * What was refused, as it is read: with its cause, looked for now. Nothing is looked for when it comes: no stranger is
 * worth the time, and what one source's flood takes would be missing to the others.
 */
import type { Source } from "../../../domain/inbound/source.ts";
import { EXPLAINED_PER_LIST_BYTES_MAX, EXPLAINED_PER_LIST_ROWS_MAX } from "../../../domain/limits.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { InboundRecord, InboundRow, Store } from "../../../ports/store.ts";
import type { Outage } from "../../upkeep/outage.ts";
import type { KnownSources } from "../known-sources.ts";
import { verifyAgain } from "../prepare-again.ts";

export interface Explained {
  record(record: InboundRecord): Promise<InboundRecord>;
  /** As many of a list's as there is time for; the others as they were kept. */
  rows(rows: readonly InboundRow[]): Promise<readonly InboundRow[]>;
}

export interface ExplainedOptions {
  readonly clock: Pick<Clock, "now">;
  readonly store: Pick<Store, "getInbound" | "getCredentials">;
  readonly outage: Pick<Outage, "report">;
  readonly sources: KnownSources;
  readonly publicUrl: () => string;
}

const NO_CREDENTIALS = { kind: "none" } as const;
const FITS =
  "It does fit the source's present secret: it can be processed again, unless the same was received meanwhile.";

export function createExplained({ clock, store, outage, sources, publicUrl }: ExplainedOptions): Explained {
  /** Null: there is none any more, or nothing can be found that is not known already. */
  async function sourceOf(row: InboundRow): Promise<Source | null> {
    if (row.valid) return null;
    if (row.tenantSeq === null) return namedBy(row);
    const source = row.sourceId === null ? null : await sources.byId(row.sourceId);
    return source?.scheme === "none" ? null : source;
  }

  /** What came before its source was made is nobody's. */
  async function namedBy({ kind, sourceName }: InboundRow): Promise<Source | null> {
    if (kind === "any" || sourceName === null) return null;
    const source = await sources.byName(sourceName);
    return source?.scheme === "jcs" ? source : null;
  }

  async function explanationOf(record: InboundRecord, source: Source): Promise<string | null> {
    try {
      const credentials = source.scheme === "basic" ? await store.getCredentials(record.id) : NO_CREDENTIALS;
      if (credentials === null) return record.explanation; // it is refused no more, or gone
      const again = verifyAgain({ record, source, credentials, publicUrl: publicUrl(), now: clock.now() });
      return again.kind === "failed" ? again.explain() : FITS;
    } catch (error) {
      // A mistake of ours in one must not hide it, nor the rest of a list.
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      outage.report(new Error(`inbound event ${record.id}: ${what}`));
      return record.explanation;
    }
  }

  return {
    async record(record) {
      const source = await sourceOf(record);
      return source === null ? record : { ...record, explanation: await explanationOf(record, source) };
    },
    async rows(rows) {
      const left = { rows: EXPLAINED_PER_LIST_ROWS_MAX, bytes: EXPLAINED_PER_LIST_BYTES_MAX };
      const explained: InboundRow[] = [];
      for (const row of rows) {
        const source = left.rows === 0 || row.bodyBytes > left.bytes ? null : await sourceOf(row);
        // One after the other: whatever else there is to do is done between them.
        const record = source === null ? null : await store.getInbound(null, row.id);
        if (source === null || record === null || record.valid) {
          explained.push(row);
          continue;
        }
        left.rows -= 1;
        left.bytes -= row.bodyBytes;
        explained.push({ ...row, explanation: await explanationOf(record, source) });
      }
      return explained;
    },
  };
}
