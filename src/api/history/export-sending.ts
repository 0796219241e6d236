/** Sends an export page by page. The next page is read once the connection has taken the one before it. */
import type { LedgerExport } from "../../engine/history/ledger.ts";
import type { LedgerRow } from "../../ports/store.ts";
import { EXPORT_SLICE_ROWS } from "../http/limits.ts";
import type { ExportFormat } from "./export-format.ts";
import type { ExportWriter, Interruption } from "./export-writer.ts";

export interface Export {
  /** The first page, which was read before the response began. */
  readonly firstPage: readonly LedgerRow[];
  readonly pages: Pick<LedgerExport, "next">;
  readonly format: ExportFormat;
  readonly writer: Pick<ExportWriter, "interruption" | "send">;
  /** Whether the caller's credentials are still valid. */
  readonly isAuthorized: () => Promise<boolean>;
}

export type ExportEnd = "complete" | "unauthorized" | Interruption;

export async function sendExport({ firstPage, pages, format, writer, isAuthorized }: Export): Promise<ExportEnd> {
  if (format.head !== "") await writer.send(format.head);
  for (let rows: readonly LedgerRow[] | null = firstPage; rows !== null; rows = await pages.next()) {
    for (let from = 0; from < rows.length; from += EXPORT_SLICE_ROWS) {
      const text = format.rows(rows.slice(from, from + EXPORT_SLICE_ROWS));
      if ((await writer.send(text)) !== "taken") break;
    }
    if (!(await isAuthorized())) return "unauthorized";
    if (writer.interruption !== null) break;
  }
  return writer.interruption ?? "complete";
}
