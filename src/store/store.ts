/** The store's threads, and every verb of the port as a call to the thread that runs it. */
import { StoreUnavailable } from "../domain/errors.ts";
import type { Seq } from "../domain/ids.ts";
import { LEDGER_BEHIND_ROWS_MAX } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Changes, NodeNotes, Store, StoreStats } from "../ports/store.ts";
import { Keeper, LedgerNews } from "./history/ledger/keeper.ts";
import type { LEDGER_VERBS } from "./history/ledger/verbs.ts";
import { IDLE_READS } from "./idle-reads.ts";
import { LargeReads } from "./threads/large-reads.ts";
import { LateThread } from "./threads/late-thread.ts";
import { progressOf } from "./threads/messages.ts";
import {
  type Packed,
  packPublishRequests,
  packSettlements,
  unpackPublishResults,
  unpackSettleResults,
} from "./threads/packing.ts";
import { READER_VERBS } from "./threads/reader-verbs.ts";
import { type Runner, startThread, startWorker, type Thread, type ThreadStart } from "./threads/thread.ts";
import type { ThreadName } from "./threads/thread-files.ts";
import { newTotals, readTotals } from "./totals.ts";
import { WRITER_VERBS } from "./verbs.ts";

export interface ThreadsOptions {
  /** How the nodes that share the database tell each other. Left out for a database that has one process. */
  readonly notes?: NodeNotes;
  /** What each thread needs to open the database. */
  data(): ThreadStart;
  /** Given for a database behind a network: while it is silent, calls are refused. */
  readonly clock?: Pick<Clock, "after">;
  /** Memory for the columns of the history. Left out: the default. */
  readonly historyCacheBytes?: number;
  /** Tests can run the code of all threads in the main thread. */
  readonly startRunner?: (name: ThreadName, start: ThreadStart) => Runner;
  /** Called when a thread of the store ended by itself. The process then has to end. */
  readonly onDeath: (error: Error) => void;
  /** How large the database is. `reader` answers the verbs of `READER_VERBS`. */
  measure(reader: Pick<Thread, "call">): Promise<Pick<StoreStats, "fileBytes" | "walBytes">>;
  /** Runs after the threads have ended. */
  close(): void | Promise<void>;
}

/** Start the thread that writes. The one that reads and the one that keeps the ledger start when they are first needed. */
export async function openStore({ data, onDeath, measure, close, notes, ...options }: ThreadsOptions): Promise<Store> {
  const { startRunner = startWorker, clock, historyCacheBytes } = options;
  // Async, so that the store becomes unavailable if the worker cannot be created.
  const onNoted = () => notes?.send({ kind: "changed" });
  const totals = newTotals();
  const start = async (name: ThreadName, writesFail?: () => boolean) => {
    const given = data();
    const start = {
      ...given,
      workerData: { ...given.workerData, totals, ...(historyCacheBytes && { historyCacheBytes }) },
    };
    const progress = progressOf(given.workerData);
    const watch =
      progress === null || clock === undefined ? null : { progress, clock, ...(writesFail && { writesFail }) };
    return startThread(startRunner(name, start), { onDeath, onNoted, watch });
  };
  const writesFail = () => !writer.writable;
  const writer = await start("writer-thread");
  const reader = new LateThread(() => start("reader-thread", writesFail));
  const ledger = new LateThread(() => start("ledger-thread", writesFail));
  /** The latest numbers: they stay while the store cannot be read. */
  let measured = { fileBytes: 0, walBytes: 0, leased: 0, openPauses: 0 };
  const stats = async (): Promise<StoreStats> => {
    try {
      measured = { ...(await measure(reader)), ...(await reader.call<Counted>("countForStats", [])) };
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
    return { ...measured, totals: readTotals(totals), writable: writer.writable };
  };
  async function closeAll(): Promise<void> {
    await ledger.close();
    await reader.close();
    await writer.close();
    await close();
  }
  if (notes !== undefined) await stats();
  const store = storeOver({ writer, reader, ledger, stats, close: closeAll, isShared: notes !== undefined });
  return notes === undefined ? store : asNode(store, reader, notes);
}

/** Every node records what it changes, so the reader finds it. The writer would have to take a turn for it. */
export function asNode(store: Store, reader: Pick<Thread, "call">, notes: NodeNotes): Store {
  let node = 0;
  return {
    ...store,
    notes,
    async enter(...args) {
      const entered = await store.enter(...args);
      node = entered.node;
      return entered;
    },
    changesSince: (mark, lanes = []) => reader.call<Changes>("changesOfNodes", [node, mark, lanes]),
  };
}

type Counted = Pick<StoreStats, "leased" | "openPauses">;

interface Parts {
  readonly writer: Thread;
  readonly reader: LateThread;
  readonly ledger: LateThread;
  readonly stats: () => Promise<StoreStats>;
  readonly close: () => Promise<void>;
  /** Whether other nodes write too. */
  readonly isShared: boolean;
}

/** Their results can be several megabytes large. */
const LARGE_READS = [
  "listEndpoints",
  "listEndpointsFrom",
  "listDeliveries",
  "getDelivery",
  "getEvent",
  "listEvents",
  "findDeliveryFacts",
  "listPauses",
  "listAudit",
  "listSources",
  "listInbound",
  "getInbound",
  "listRejected",
] as const satisfies readonly (keyof typeof READER_VERBS)[];

/** What the ledger's thread answers, once the ledger is nearly up to date. */
export const LEDGER_READS = [
  "queryDeliveries",
  "listLedger",
  "readLedger",
  "countBulk",
  "findBulk",
] as const satisfies readonly (keyof typeof LEDGER_VERBS)[];

/** The first argument of each large read: the tenant, or a filter that contains it. */
type TenantArgument = Parameters<Store[(typeof LARGE_READS)[number]]>[0];

function tenantOf([first]: readonly unknown[]): Seq | null {
  const argument = first as TenantArgument;
  return typeof argument === "object" && argument !== null ? argument.tenantSeq : argument;
}

/** Every verb of the port, as a call to the thread that runs it. */
function storeOver({ reader, ledger, stats, close, isShared, ...threads }: Parts): Store {
  const news = new LedgerNews();
  const writer = news.follow(threads.writer);
  const calls = (thread: Pick<Thread, "call">, verbs: object) =>
    Object.keys(verbs).map((verb) => [verb, (...args: readonly unknown[]) => thread.call(verb, args)] as const);
  const largeReads = new LargeReads();
  const large = LARGE_READS.map((verb) => {
    const call = (...args: readonly unknown[]) => largeReads.run(tenantOf(args), () => reader.call(verb, args));
    return [verb, call] as const;
  });
  const idleReads = {
    call: <T>(verb: string, args: readonly unknown[]) => (reader.isOpen ? reader : writer).call<T>(verb, args),
  };
  const verbs = Object.fromEntries([
    ...calls(reader, READER_VERBS),
    ...calls(writer, WRITER_VERBS),
    ...calls(idleReads, IDLE_READS),
    ...large,
  ]);
  const keeper = new Keeper(
    {
      countBehind: () => idleReads.call("countBehind", []),
      isOpen: () => ledger.isOpen,
      stepLedger: (behindRowsMax) => ledger.call("stepLedger", [behindRowsMax]),
      nextWrite: () => ledger.call("nextWrite", []),
      writeLedger: (write) => writer.call("writeLedger", [write]),
      noteWritten: (write) => ledger.call("noteWritten", [write]),
    },
    LEDGER_BEHIND_ROWS_MAX,
  );
  const history = LEDGER_READS.map((verb) => {
    const call = (...args: readonly unknown[]) => keeper.ready().then(() => ledger.call(verb, args));
    return [verb, call] as const;
  });
  // Each table is checked against the port where it is defined. `AllVerbs` checks that no verb is missing.
  return {
    ...({ ...verbs, ...Object.fromEntries(history) } as unknown as Omit<
      Store,
      "close" | "stats" | "keepLedger" | "notes"
    >),
    async publish(requests) {
      return unpackPublishResults(await writer.call<Packed>("publish", [packPublishRequests(requests)]));
    },
    async settle(settlements) {
      return unpackSettleResults(await writer.call<Packed>("settle", [packSettlements(settlements)]));
    },
    notes: null,
    keepLedger: (isWriter) => (isShared ? keeper.keep(isWriter) : news.handle(() => keeper.keep(isWriter))),
    stats,
    close,
  };
}

/** Does not compile when a verb of the port is in neither table. */
type AllVerbs =
  Exclude<
    keyof Store,
    | keyof typeof WRITER_VERBS
    | keyof typeof READER_VERBS
    | (typeof LEDGER_READS)[number]
    | "keepLedger"
    | "notes"
    | "close"
    | "stats"
  > extends never
    ? true
    : never;
true satisfies AllVerbs;
