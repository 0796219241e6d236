/** How the writer thread runs verbs: in groups, each in one transaction. */
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Seq } from "../../domain/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import type { PublishRequest, PublishResult, Settlement, SettleResult } from "../../ports/store.ts";
import type { WritableDatabase } from "../connection.ts";
import { settleAhead } from "../delivery/settle.ts";
import { type Answer, commitGroup, type Needs, WITHDRAWN } from "../group.ts";
import { noteCommit, type ProgressData, withdrawnUpTo } from "../silence/progress.ts";
import { noteForNodes } from "../upkeep/noted-changes.ts";
import { createVault } from "../vault.ts";
import { GROWING_VERBS, WRITER_VERBS, type WriterVerb } from "../verbs.ts";
import { createWriting, type Writing } from "../writing.ts";
import {
  type CallMessage,
  CLOSE,
  NOTED,
  progressOf,
  type ReadyMessage,
  type ReplyMessage,
  type ThreadData,
} from "./messages.ts";
import { openForWrites } from "./open.ts";
import {
  type Packed,
  packPublishResults,
  packSettleResults,
  unpackPublishRequests,
  unpackSettlements,
} from "./packing.ts";

/** At so many calls, no further message joins a group. A message has the calls of one turn, each with its own limits. */
const GROUP_CALLS_MAX = 64;
const NO_ROOM = "the disk is full";

interface Open {
  readonly writing: Writing;
  readonly database: WritableDatabase;
  readonly progress: ProgressData | null;
}

function open(data: ThreadData, clock: Clock): Open {
  const database = openForWrites(data, clock);
  const vault = createVault(data.masterKey);
  const writing = createWriting(database.connection, vault, () => clock.uuid(), data.totals);
  return { database, writing, progress: progressOf(data) };
}

function carryOut({ writing, database, progress }: Open, calls: readonly CallMessage[]): ReplyMessage[] {
  if (calls.length === 0) return [];
  // Verbs that end or free something may use the space that is left.
  const full = !database.hasSpace();
  const withdrawn = progress === null ? 0 : withdrawnUpTo(progress);
  const refusal = ({ id, verb }: CallMessage): ReplyMessage | null => {
    if (id <= withdrawn) return { id, ...WITHDRAWN };
    if (full && GROWING_VERBS.has(verb as WriterVerb)) return { id, kind: "unavailable", message: NO_ROOM, full: true };
    return null;
  };
  const refused = calls.map(refusal).filter((reply) => reply !== null);
  const accepted = calls.filter((call) => refusal(call) === null).map(unpacked);
  if (accepted.length === 0) return refused;
  writing.mode.enters = accepted.some(({ verb }) => verb === "enter");
  const answers = commitGroup(
    writing,
    accepted.map(
      ({ verb, args }) =>
        () =>
          run(writing, verb as WriterVerb, args),
    ),
    progress === null ? undefined : { ...needsOf(accepted), mayCommit: () => !areWithdrawn(progress, accepted) },
  );
  if (answers.some(isDiskFull)) database.ranOut();
  const replies = accepted.map(({ id }, index) => ({ id, ...(answers[index] as Answer<unknown>) }));
  return [...refused, ...replies, ...takeNoted(writing)];
}

/** Until COMMIT is sent, calls can be withdrawn: all of a group, because a withdrawal is of all that were sent. */
function areWithdrawn(progress: ProgressData, calls: readonly CallMessage[]): boolean {
  const id = calls.at(-1)?.id ?? 0;
  return noteCommit(progress, id) >= id;
}

/** The two verbs that carry many elements have them packed. */
function unpacked(call: CallMessage): CallMessage {
  const [packed] = call.args as [Packed];
  if (call.verb === "publish") return { ...call, args: [unpackPublishRequests(packed)] };
  return call.verb === "settle" ? { ...call, args: [unpackSettlements(packed)] } : call;
}

export function needsOf(calls: readonly Pick<CallMessage, "verb" | "args">[]): Omit<Needs, "mayCommit"> {
  const tenantSeqs = new Set<Seq>();
  const endpointSeqs = new Set<Seq>();
  const settlements: (readonly Settlement[])[] = [];
  for (const { verb, args } of calls) {
    if (verb === "publish") {
      for (const { tenantSeq, targets } of args[0] as readonly PublishRequest[]) {
        tenantSeqs.add(tenantSeq);
        for (const { endpointSeq } of targets) endpointSeqs.add(endpointSeq);
      }
    }
    if (verb === "settle") {
      const given = args[0] as readonly Settlement[];
      settlements.push(given);
      for (const { endpointSeq } of given) endpointSeqs.add(endpointSeq);
    }
  }
  const writeAhead = (w: Writing) => {
    for (const given of settlements) settleAhead(w, given);
  };
  return { tenantSeqs, endpointSeqs, writeAhead };
}

function run(writing: Writing, verb: WriterVerb, args: readonly unknown[]): unknown {
  const carry = WRITER_VERBS[verb] as (w: Writing, ...args: readonly unknown[]) => unknown;
  const result = carry(writing, ...args);
  noteForNodes(writing, verb, args, result);
  if (verb === "publish") return packPublishResults(result as readonly PublishResult[]);
  return verb === "settle" ? packSettleResults(result as readonly SettleResult[]) : result;
}

/** A reply without a call, if other nodes have something to look at. */
function takeNoted({ mode }: Writing): ReplyMessage[] {
  const { noted } = mode;
  mode.noted = false;
  return noted ? [{ id: NOTED, kind: "ok", value: null }] : [];
}

function isDiskFull(answer: Answer<unknown>): boolean {
  return answer.kind === "unavailable" && answer.full;
}

export function serveWrites(port: MessagePort | null, data: ThreadData, clock: Clock): void {
  if (port === null) throw new Error("this file runs as a thread of the store");
  try {
    serve(port, open(data, clock));
    port.postMessage({ kind: "ready" } satisfies ReadyMessage);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    port.postMessage({ kind: "refused", message } satisfies ReadyMessage);
  }
}

function serve(port: MessagePort, opened: Open): void {
  port.on("message", (first: readonly CallMessage[]) => {
    const calls = [...first];
    // The calls that arrived during the previous commit are the next group.
    while (calls.length < GROUP_CALLS_MAX) {
      const next = receiveMessageOnPort(port);
      if (next === undefined) break;
      calls.push(...(next.message as readonly CallMessage[]));
    }
    const closes = calls.some(({ verb }) => verb === CLOSE);
    port.postMessage(carryOut(opened, closes ? calls.filter(({ verb }) => verb !== CLOSE) : calls));
    if (!closes) {
      opened.database.afterGroup();
      return;
    }
    void opened.database.close().then(() => port.close());
  });
}
