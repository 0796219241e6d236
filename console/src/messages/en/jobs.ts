import type { Job } from "@signalbox/sdk";
import { integer, percent, plural } from "../../parts/locale.ts";

const CANCELS: readonly Job["kind"][] = ["bulk_cancel", "cancel_backlog"];

export const jobs = {
  title: "Jobs",
  lead: "Changes of many deliveries, which run in the background.",
  exports: "Exports",
  state: "State",
  kind: "Job",
  progress: "Progress",
  by: "Started by",
  started: "Started",
  ended: "Ended",
  states: { running: "running", done: "done", cancelled: "cancelled" },
  kinds: {
    recover: "Recover an endpoint",
    cancel_backlog: "Cancel the backlog of a deleted endpoint",
    bulk_retry: "Retry deliveries",
    bulk_replay: "Replay deliveries",
    bulk_cancel: "Cancel deliveries",
  },
  reasons: {
    changed: "changed by somebody else since the job was started",
    ended: "had ended already",
    not_failed: "had not failed",
    test: "are tests",
    endpoint_deleted: "their endpoint was deleted",
    endpoint_disabled: "their endpoint is disabled",
  } as Readonly<Record<string, string>>,
  done: (kind: Job["kind"], done: number, total: number | null) =>
    `${total === null ? integer(done) : `${integer(done)} of ${integer(total)}`} ${CANCELS.includes(kind) ? "cancelled" : "queued"}`,
  queued: "A queued delivery is sent as soon as its endpoint takes it. Its own state says whether it arrives.",
  toCreated: "Show the deliveries that were created while the job ran",
  toOpen: "Show the deliveries from before the job that are not delivered",
  doneLabel: "Deliveries changed",
  share: (share: number) => percent(share),
  failed: (count: number) => plural(count, { one: "# not changed", other: "# not changed" }),
  failures: "Not changed",
  speed: "Speed limit",
  perSecond: (count: number) => plural(count, { one: "# delivery in a second", other: "# deliveries in a second" }),
  unlimited: "none",
  rate: "Speed",
  rateNow: (rate: string) => `${rate} in a second`,
  left: "Time left",
  measuring: "measuring",
  endpoint: "Endpoint",
  manyEndpoints: "any that the filter matches",
  byKey: (name: string) => `the key “${name}”`,
  unknownActor: "not known",
  system: "the server",
  id: "Id",
  cancel: "Cancel the job",
  cancelTitle: "Cancel this job?",
  cancelHint: "What it has changed stays changed. The rest is left as it is.",
  cancelConfirm: "Cancel the job",
  keep: "Keep it running",
  empty: "No job was started yet.",
  emptyHint:
    "Retrying, replaying or cancelling all deliveries that match a filter starts one, and so does recovering an endpoint.",
  toDeliveries: "Go to the deliveries",
  missing: "job",
  missingHint: "A job is deleted when it is as old as the history is kept.",
} as const;

export const exportsPage = {
  title: "Exports",
  lead: "The delivery history as a file, however long.",
  format: "Format",
  formats: { csv: "CSV, for spreadsheets", ndjson: "NDJSON, one JSON object per line" },
  download: "Download",
  counted: (count: number) =>
    plural(count, { one: "# delivery will be in the file.", other: "# deliveries will be in the file." }),
  asOf: "Later deliveries are not included.",
  nothing: "No delivery matches these filters, so the file would have no rows.",
  waiting: (seconds: number) =>
    plural(seconds, {
      one: "Other exports are in progress. This one begins by itself in # second.",
      other: "Other exports are in progress. This one begins by itself in # seconds.",
    }),
  starting: "Starting",
  running: (rows: number, total: number | null) =>
    total === null ? `${integer(rows)} rows written` : `${integer(rows)} of ${integer(total)} rows written`,
  done: (rows: number) => plural(rows, { one: "Complete: # row.", other: "Complete: # rows." }),
  broken: (rows: number) =>
    plural(rows, {
      one: "The export broke off after # row. The file is not complete: download it again.",
      other: "The export broke off after # rows. The file is not complete: download it again.",
    }),
  state: "State of the export",
  unknown:
    "The server has told nothing about this export for a while. The list of downloads in your browser shows whether the file is complete.",
  stop: "Forget this export",
  stopHint: "The download continues if you forget the export or leave this page. You can stop it in your browser.",
} as const;
