/**
 * Explanations of refused requests, found when somebody reads the record. The server does not search for a cause when a
 * request arrives: unknown senders could make it spend its time on searches, and a flood from one source would delay the
 * others.
 */
import { StoreUnavailable } from "../../../domain/errors.ts";
import type { Source } from "../../../domain/inbound/source.ts";
import { EXPLAINED_PER_LIST_BYTES_MAX, EXPLAINED_PER_LIST_ROWS_MAX } from "../../../domain/limits.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { InboundRecord, InboundRow, Store } from "../../../ports/store.ts";
import type { Outage } from "../../upkeep/outage.ts";
import type { KnownSources } from "../known-sources.ts";
import { verifyAgain } from "../reprocessing.ts";

export interface ExplainerOptions {
  readonly clock: Pick<Clock, "now">;
  readonly store: Pick<Store, "getInbound" | "getCredentials">;
  readonly outage: Pick<Outage, "report">;
  readonly sources: KnownSources;
  readonly publicUrl: () => string;
}

const NO_CREDENTIALS = { kind: "none" } as const;
const VERIFIES =
  "With the source's current settings the request verifies. Process it again to publish it, unless the same webhook " +
  "was received in the meantime.";

export class Explainer {
  readonly #options: ExplainerOptions;

  constructor(options: ExplainerOptions) {
    this.#options = options;
  }

  async record(record: InboundRecord): Promise<InboundRecord> {
    const source = await this.#sourceOf(record);
    return source === null ? record : { ...record, explanation: await this.#explain(record, source) };
  }

  /** Explains the first refused rows of a list. The others keep the brief explanation from their receipt. */
  async rows(rows: readonly InboundRow[]): Promise<readonly InboundRow[]> {
    const left = { rows: EXPLAINED_PER_LIST_ROWS_MAX, bytes: EXPLAINED_PER_LIST_BYTES_MAX };
    const explained: InboundRow[] = [];
    for (const row of rows) {
      const source = left.rows === 0 || row.bodyBytes > left.bytes ? null : await this.#sourceOf(row);
      // One row at a time, so that other work runs in between.
      const record = source === null ? null : await this.#options.store.getInbound(null, row.id);
      if (source === null || record === null || record.valid) {
        explained.push(row);
        continue;
      }
      left.rows -= 1;
      left.bytes -= row.bodyBytes;
      explained.push({ ...row, explanation: await this.#explain(record, source) });
    }
    return explained;
  }

  /** Null when there is nothing to find: the row is valid, or its source is gone or verifies nothing. */
  async #sourceOf(row: InboundRow): Promise<Source | null> {
    if (row.valid) return null;
    if (row.tenantSeq === null) return this.#sourceNamedBy(row);
    const source = row.sourceId === null ? null : await this.#options.sources.byId(row.sourceId);
    return source?.scheme === "none" ? null : source;
  }

  /** A pause status that arrived before its source was created belongs to no source. */
  async #sourceNamedBy({ kind, sourceName }: InboundRow): Promise<Source | null> {
    if (kind === "any" || sourceName === null) return null;
    const source = await this.#options.sources.byName(sourceName);
    return source?.scheme === "jcs" ? source : null;
  }

  async #explain(record: InboundRecord, source: Source): Promise<string | null> {
    const { clock, store, outage, publicUrl } = this.#options;
    try {
      const credentials = source.scheme === "basic" ? await store.getCredentials(record.id) : NO_CREDENTIALS;
      if (credentials === null) return record.explanation; // it is no longer refused, or it is gone
      const result = verifyAgain({ record, source, credentials, publicUrl: publicUrl(), now: clock.now() });
      return result.kind === "failed" ? result.explain() : VERIFIES;
    } catch (error) {
      // A bug in one explanation must not hide the record or the rest of a list.
      outage.report(recordFault(record, error));
      return record.explanation;
    }
  }
}

/** An unexpected error, with the record that caused it. An outage of the store is the error itself: no record caused it. */
export function recordFault({ id }: InboundRecord, error: unknown): Error {
  if (error instanceof StoreUnavailable) return error;
  return new Error(`inbound event ${id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
}
