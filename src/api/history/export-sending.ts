/** Sends an export stretch by stretch: the next is read when the connection has taken the one before. */
import type { LedgerReading } from "../../engine/history/ledger.ts";
import type { LedgerRow } from "../../ports/store.ts";
import { EXPORT_SLICE_ROWS } from "../http/limits.ts";
import type { ExportFormat } from "./export-format.ts";
import type { ExportWriter, Over } from "./export-writer.ts";

export interface Sending {
  /** The first stretch, which was read before there was an answer. */
  readonly first: readonly LedgerRow[];
  readonly reading: Pick<LedgerReading, "next">;
  readonly rendering: ExportFormat;
  readonly outlet: Pick<ExportWriter, "over" | "send">;
  /** Whether whoever asked may still read. */
  readonly mayGoOn: () => Promise<boolean>;
}

export type Ending = "whole" | "signedOut" | Over;

export async function sendExport({ first, reading, rendering, outlet, mayGoOn }: Sending): Promise<Ending> {
  if (rendering.head !== "") await outlet.send(rendering.head);
  for (let rows: readonly LedgerRow[] | null = first; rows !== null; rows = await reading.next()) {
    for (let from = 0; from < rows.length; from += EXPORT_SLICE_ROWS) {
      const text = rendering.rows(rows.slice(from, from + EXPORT_SLICE_ROWS));
      if ((await outlet.send(text)) !== "taken") break;
    }
    if (!(await mayGoOn())) return "signedOut";
    if (outlet.over !== null) break;
  }
  return outlet.over ?? "whole";
}
