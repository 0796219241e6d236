/** What other processes and nodes have to be told after each verb, because they may have cached it. */
import type { Store } from "../../ports/store.ts";
import type { WriterVerb } from "../verbs.ts";
import type { Writing } from "../writing.ts";
import { type NotedChange, noteForeignChange } from "./foreign-changes.ts";

type NotedVerb = Extract<WriterVerb, keyof Store>;
type Noting = {
  readonly [V in NotedVerb]?: (
    result: Awaited<ReturnType<Store[V]>>,
    args: Parameters<Store[V]>,
  ) => readonly NotedChange[];
};

const KEYS = [{ kind: "keys" }] as const;
const SESSIONS = [{ kind: "sessions" }] as const;
const SOURCES = [{ kind: "sources" }] as const;
const JOBS = [{ kind: "jobs" }] as const;
const NONE = [] as const;

/** A verb that is not here changes nothing that is cached. A verb may note more than it changed, and never less. */
const NOTES: Noting = {
  bootstrap: (isDone) => (isDone ? KEYS : NONE),
  createKey: () => KEYS,
  revokeKey: (result) => (result === "revoked" ? KEYS : NONE),
  rotateKey: () => KEYS,
  createTenant: () => KEYS,
  patchTenant: (tenant) => (tenant === null ? NONE : [{ kind: "quotas", tenantSeq: tenant.seq }]),
  createUser: () => SESSIONS,
  patchUser: () => SESSIONS,
  linkUser: () => SESSIONS,
  usePasswordLink: () => SESSIONS,
  setUserDisabled: () => SESSIONS,
  resetPassword: () => SESSIONS,
  endSession: () => SESSIONS,
  changePassword: () => SESSIONS,
  createSource: () => SOURCES,
  patchSource: () => SOURCES,
  deleteSource: () => SOURCES,
  ensureSources: () => SOURCES,
  createEndpoint: (_, [{ tenantSeq }]) => [{ kind: "endpoints", tenantSeq }],
  patchEndpoint: (result, [{ tenantSeq }]) => (result === null ? NONE : [{ kind: "endpoints", tenantSeq }]),
  deleteEndpoint: (result, [{ tenantSeq }]) => (result === null ? NONE : [{ kind: "endpoints", tenantSeq }]),
  putListener: (_, [{ tenantSeq }]) => [{ kind: "endpoints", tenantSeq }],
  connectListener: (result, [{ tenantSeq }]) =>
    result.kind === "connected" ? [{ kind: "endpoints", tenantSeq }] : NONE,
  disconnectListener: (result, [{ tenantSeq }]) => (result === null ? NONE : [{ kind: "endpoints", tenantSeq }]),
  forwardReports: (open) => (open.includes(true) ? [{ kind: "reports" }] : NONE),
  settle: (results, [settlements]) =>
    results.flatMap((result, index): readonly NotedChange[] => {
      const tenantSeq = settlements[index]?.tenantSeq;
      const disabled = "disabled" in result && result.disabled;
      return disabled && tenantSeq !== undefined ? [{ kind: "endpoints", tenantSeq }] : NONE;
    }),
  endPause: (result) => ("pause" in result ? [{ kind: "pause", id: result.pause.id }] : NONE),
  endDuePauses: ({ ended }) => ended.map(({ id }) => ({ kind: "pause", id })),
  startRecover: () => JOBS,
  startBulk: () => JOBS,
  cancel: (result) => (result.kind === "requested" ? [{ ...result, kind: "cancel" }] : NONE),
  stepBulk: ({ requested }) => requested.map((delivery) => ({ ...delivery, kind: "cancel" })),
};

/** What is new is cached nowhere. The command line notes it nevertheless: SQLite shows that something was written. */
const ADDING: ReadonlySet<WriterVerb> = new Set<WriterVerb>([
  "bootstrap",
  "createKey",
  "createTenant",
  "createUser",
  "createSource",
  "ensureSources",
]);

/** Record what a verb of this node changed, for the other nodes. */
export function noteForNodes(w: Writing, verb: WriterVerb, args: readonly unknown[], result: unknown): void {
  if (w.isShared && !ADDING.has(verb)) noteChangesOf(w, verb, args, result);
}

/** Record what a verb changed, in its own transaction. */
export function noteChangesOf(w: Writing, verb: WriterVerb, args: readonly unknown[], result: unknown): void {
  const changesOf = (
    NOTES as Readonly<Record<string, (result: unknown, args: readonly unknown[]) => readonly NotedChange[]>>
  )[verb];
  for (const change of changesOf?.(result, args) ?? []) noteForeignChange(w, change);
}
