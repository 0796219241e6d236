/** Which function runs which verb, and in which thread. */
import type { Store } from "../ports/store.ts";
import { bootstrap, createKey, createTenant, recordKeyUse, revokeKey, rotateKey } from "./access/access.ts";
import { recordAction } from "./access/audit.ts";
import { changePassword, createSession, endSession, recordSessionUse } from "./access/sessions.ts";
import { patchTenant } from "./access/tenants.ts";
import { decideTerminal, issueTerminalKey, openTerminal } from "./access/terminals.ts";
import { createUser, linkUser, patchUser, resetPassword, setUserDisabled, usePasswordLink } from "./access/users.ts";
import { cancel, replay, retry, retryEvent } from "./delivery/changes.ts";
import { claim } from "./delivery/claim.ts";
import { publish } from "./delivery/publish.ts";
import { recordTest, release } from "./delivery/release.ts";
import { settle } from "./delivery/settle.ts";
import { createEndpoint, deleteEndpoint, patchEndpoint } from "./endpoints/endpoints.ts";
import { forwardReports, takeReports } from "./endpoints/forwarded-reports.ts";
import { connectListener, disconnectListener, putListener } from "./endpoints/listeners.ts";
import { each } from "./group.ts";
import { writeLedger } from "./history/ledger/write.ts";
import { addTallies } from "./history/statistics/tallies.ts";
import { IDLE_READS } from "./idle-reads.ts";
import { receiveOne } from "./inbound/receive.ts";
import { refuseOne } from "./inbound/refuse.ts";
import { deleteInbound, noteInbound, reprocess } from "./inbound/reprocess.ts";
import { createSource, deleteSource, ensureSources, patchSource } from "./inbound/sources.ts";
import { beginAct, endAct } from "./pauses/acts.ts";
import { claimNotifications, resendNotification, settleNotification } from "./pauses/notifications.ts";
import { endDuePauses, endPause } from "./pauses/pause-endings.ts";
import { extendPause } from "./pauses/pause-steps.ts";
import { createPause, findRepeatedPause, recordOpening, recordReveal } from "./pauses/pauses.ts";
import { rotateReceiptKey } from "./pauses/receipt-keys.ts";
import { changesSince } from "./upkeep/foreign-changes.ts";
import { cancelJob, startBulk, startRecover, stepBulk, stepJob } from "./upkeep/jobs.ts";
import { enter, heartbeat, leases, leave } from "./upkeep/nodes.ts";
import { sweep } from "./upkeep/sweep.ts";
import type { Writing } from "./writing.ts";

/** The verbs that the two main threads run. The main thread itself does the rest of the port. */
type Verb = Exclude<keyof Store, "close" | "stats" | "notes">;
type ArgumentsOf<V extends Verb> = Parameters<Store[V]>;
type ResultOf<V extends Verb> = Awaited<ReturnType<Store[V]>>;

type WriterTable = { [V in Verb]?: (w: Writing, ...args: ArgumentsOf<V>) => ResultOf<V> };

/** Verbs that change something, or that must see the latest commit. */
const VERBS = {
  publish,
  claim,
  settle,
  release,
  recordTest,
  createEndpoint,
  patchEndpoint,
  deleteEndpoint,
  putListener,
  connectListener,
  disconnectListener,
  forwardReports,
  takeReports,
  cancel,
  retry,
  retryEvent,
  replay,
  bootstrap,
  createKey,
  revokeKey,
  rotateKey,
  rotateReceiptKey,
  createTenant,
  patchTenant,
  createUser,
  patchUser,
  linkUser,
  usePasswordLink,
  setUserDisabled,
  resetPassword,
  createSession,
  recordSessionUse,
  recordKeyUse,
  endSession,
  changePassword,
  openTerminal,
  decideTerminal,
  issueTerminalKey,
  recordAction,
  createPause,
  findRepeatedPause,
  endPause,
  endDuePauses,
  extendPause,
  recordOpening,
  recordReveal,
  beginAct,
  endAct,
  claimNotifications,
  settleNotification,
  resendNotification,
  createSource,
  patchSource,
  deleteSource,
  ensureSources,
  receive: (w, requests) => each(w, requests, (request) => receiveOne(w, request)),
  refuse: (w, requests) => {
    for (const request of requests) refuseOne(w, request);
  },
  reprocess,
  noteInbound,
  deleteInbound,
  enter,
  heartbeat,
  leave,
  leases,
  changesSince,
  addTallies,
  startRecover,
  startBulk,
  stepJob,
  stepBulk,
  cancelJob,
  sweep,
} satisfies WriterTable;

export const WRITER_VERBS = {
  ...VERBS,
  ...IDLE_READS,
  /** Part of `keepLedger`. */
  writeLedger,
};

export type WriterVerb = keyof typeof WRITER_VERBS;

/** Verbs that make the store grow on behalf of a caller. They are refused while the ballast file is missing. */
export const GROWING_VERBS: ReadonlySet<WriterVerb> = new Set<WriterVerb>([
  "publish",
  // The engine learns from a heartbeat that the store can commit again. It must not learn it before there is disk
  // space.
  "heartbeat",
  "recordTest",
  "createEndpoint",
  "putListener",
  "replay",
  "createKey",
  "createTenant",
  "createUser",
  "createSession",
  "openTerminal",
  "issueTerminalKey",
  "createPause",
  "recordOpening",
  "recordReveal",
  "createSource",
  "receive",
  "refuse",
  "reprocess",
  "startRecover",
  "startBulk",
  "writeLedger",
  "addTallies",
]);
