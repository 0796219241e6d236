/** File formats of the delivery history. */
import { type Options, stringify } from "csv-stringify/sync";
import type { LedgerRow } from "../../ports/store.ts";
import { type HistoryRowJson, historyRowJson } from "./dashboard-delivery-wire.ts";

export interface ExportFormat {
  readonly contentType: string;
  readonly fileName: string;
  /** The text before the first row. */
  readonly head: string;
  rows(rows: readonly LedgerRow[]): string;
}

/** The header row: the fields of the list, in their order. */
export const EXPORT_COLUMNS = [
  "id",
  "eventId",
  "event",
  "webhookId",
  "url",
  "status",
  "attempts",
  "httpStatus",
  "error",
  "createdAt",
  "deliveredAt",
  "lastAttemptAt",
  "nextAttemptAt",
] as const satisfies readonly (keyof HistoryRowJson)[];

/** RFC 4180. An apostrophe precedes text that a spreadsheet would interpret as a formula. */
const CSV: Options = {
  record_delimiter: "windows",
  quote_record_delimiter: true,
  escape_formulas: true,
};
/** Without it, Excel reads UTF-8 as the system's code page. */
const BYTE_ORDER_MARK = "\ufeff";

export const EXPORT_FORMATS: Readonly<Record<"csv" | "ndjson", ExportFormat>> = {
  csv: {
    contentType: "text/csv; charset=utf-8",
    fileName: "webhook-deliveries.csv",
    head: BYTE_ORDER_MARK + csvText([EXPORT_COLUMNS]),
    rows: (rows) => csvText(rows.map(cellsOf)),
  },
  ndjson: {
    contentType: "application/x-ndjson; charset=utf-8",
    fileName: "webhook-deliveries.ndjson",
    head: "",
    rows: (rows) => rows.map((row) => `${JSON.stringify(historyRowJson(row))}\n`).join(""),
  },
};

export function csvText(records: readonly (readonly Cell[])[]): string {
  return stringify([...records], CSV);
}
type Cell = HistoryRowJson[keyof HistoryRowJson];

function cellsOf(row: LedgerRow): Cell[] {
  const json = historyRowJson(row);
  return EXPORT_COLUMNS.map((column) => json[column]);
}
