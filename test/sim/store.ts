/**
 * The real SQL verbs behind the store port, without threads. The disk outlives the processes, and each process has its
 * own client. A disk that several processes share stands for PostgreSQL: the verbs are the same.
 *
 * As with the real threads, calls go to a writer and to readers. Each handles its calls and answers in order, but there
 * is no order between them. The simulation decides when the disk is slow, full or unavailable.
 */
import { NodeGone, StoreUnavailable } from "../../src/domain/errors.ts";
import type { Uuid } from "../../src/domain/ids.ts";
import type { Changes, NodeNotes, Store } from "../../src/ports/store.ts";
import type { Connection } from "../../src/store/connection.ts";
import { type Answer, commitGroup } from "../../src/store/group.ts";
import { Keeper, type KeeperCalls } from "../../src/store/history/ledger/keeper.ts";
import { createKeeping, LEDGER_VERBS } from "../../src/store/history/ledger/verbs.ts";
import { createReadConnection } from "../../src/store/read-connection.ts";
import { migrate, openConnection, type SqliteConnection } from "../../src/store/sqlite/connection.ts";
import { asNode, LEDGER_READS } from "../../src/store/store.ts";
import { READER_VERBS } from "../../src/store/threads/reader-verbs.ts";
import { needsOf } from "../../src/store/threads/write-serving.ts";
import { noteForNodes } from "../../src/store/upkeep/noted-changes.ts";
import { createVault, type Vault } from "../../src/store/vault.ts";
import { WRITER_VERBS, type WriterVerb } from "../../src/store/verbs.ts";
import { createWriting, type Writing } from "../../src/store/writing.ts";
import { WALL_START_MS } from "./clock.ts";
import type { Random } from "./random.ts";
import type { ProcessTimeline } from "./timeline.ts";

/** `refusing`: the database is locked, so no verb runs. `full`: the file cannot grow, so SQLite fails the commit. */
export type DiskState = "healthy" | "refusing" | "full";

export interface Disk extends SqliteConnection {
  readonly vault: Vault;
  state: DiskState;
  /** Crashes the process of the next group commit, either before or after the commit. */
  atCommit: "crashBefore" | "crashAfter" | null;
  /** The number of writing transactions. */
  turns: number;
}

/** As in PostgreSQL. The server is never replaced by a replica. */
const SHARED = `
  CREATE TABLE turn (since INTEGER NOT NULL);
  INSERT INTO turn VALUES (0);
  CREATE TABLE idempotency_keys (
    day         INTEGER NOT NULL,
    tenant_seq  INTEGER NOT NULL,
    event_seq   INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    surface     TEXT NOT NULL,
    key_hash    BLOB NOT NULL,
    fingerprint BLOB NOT NULL,
    PRIMARY KEY (day, tenant_seq, surface, key_hash)
  ) STRICT, WITHOUT ROWID`;

/** @param isShared whether several processes use it at once */
export function createDisk(isShared: boolean): Disk {
  const connection = openConnection(":memory:", "write");
  migrate(connection);
  if (isShared) connection.db.exec(SHARED);
  const vault = createVault(Buffer.alloc(32, 7));
  return { ...connection, isShared, vault, state: "healthy", atCommit: null, turns: 0 };
}

export interface StoreClientOptions {
  readonly disk: Disk;
  readonly timeline: ProcessTimeline;
  readonly random: Random;
  readonly newId: () => Uuid;
  /** Whether the process is cut off from the disk. */
  readonly isCut: () => boolean;
  readonly crash: () => void;
  /** Called after a commit, before the process has the answers. */
  readonly afterCommit: () => void;
  /** How it tells the other processes that share the disk. */
  readonly notes: NodeNotes;
  /** Called when an answer reaches the process. */
  readonly onAnswer: (verb: string, args: readonly unknown[], value: unknown) => void;
  /** Called when a verb fails because of a bug. */
  readonly onBroken: (verb: string, message: string) => void;
}

interface Call {
  readonly verb: string;
  readonly args: readonly unknown[];
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

type Carry = (on: unknown, ...args: readonly unknown[]) => unknown;

/**
 * Far fewer than in production, so that a few hundred deliveries suffice to write the ledger and reread it after a
 * crash.
 */
const LEDGER_BEHIND_ROWS = 20;
/** The same group size as the real writer's. */
const GROUP_CALLS_MAX = 64;

export function connect(options: StoreClientOptions): Store {
  const { disk, timeline, random, notes } = options;
  const own = disk.isShared ? connectionOfNode(options) : disk;
  const connection = createReadConnection(own, disk.vault);
  const keeping = createKeeping(own);
  const writer = createThread(options, (calls) => write(options, writing(), calls), WRITER_PACE);
  const readerPace = disk.isShared ? READER_PACE_OF_NODE : READER_PACE;
  const reader = createThread(
    options,
    (calls) => calls.map((call) => read(READER_VERBS, connection, call)),
    readerPace,
  );
  const ledger = createThread(options, (calls) => calls.map((call) => read(LEDGER_VERBS, keeping, call)), readerPace);
  let writingNow: Writing | null = null;

  function writing(): Writing {
    writingNow ??= createWriting(own, disk.vault, options.newId);
    return writingNow;
  }

  function read(table: object, on: unknown, { verb, args }: Call): Answer<unknown> {
    if (disk.isShared && !isReachable(options)) return UNREACHABLE;
    const carry = (table as Record<string, unknown>)[verb] as Carry;
    return { kind: "ok", value: carry(on, ...args) };
  }

  const call = (thread: typeof writer, verb: string) => {
    return (...args: readonly unknown[]) =>
      new Promise((resolve, reject) => thread({ verb, args: structuredClone(args), resolve, reject }));
  };
  const verbs = Object.fromEntries([
    ...Object.keys(READER_VERBS).map((verb) => [verb, call(reader, verb)] as const),
    ...Object.keys(LEDGER_VERBS).map((verb) => [verb, call(ledger, verb)] as const),
    ...Object.keys(WRITER_VERBS).map((verb) => [verb, call(writer, verb)] as const),
  ]);
  const keeper = new Keeper({ ...(verbs as unknown as KeeperCalls), isOpen: () => true }, LEDGER_BEHIND_ROWS);
  verbs.keepLedger = (isWriter) => keeper.keep(isWriter === true);
  for (const name of LEDGER_READS) {
    const verb = verbs[name];
    verbs[name] = async (...args) => keeper.ready().then(() => verb?.(...args));
  }
  const store = verbs as unknown as Store;
  if (disk.isShared) {
    const caller = { call: <T>(verb: string, args: readonly unknown[]) => call(reader, verb)(...args) as Promise<T> };
    return asNode(store, caller, notes);
  }
  // No other process writes to this disk.
  const noChanges: Changes = { changes: [], mark: "", lanes: [], nextReadyAt: null, nextPauseAt: null };
  const changesSince = () =>
    new Promise<Changes>((resolve) => timeline.after(random.between(0, 3), () => resolve(noChanges)));
  return { ...store, changesSince, notes: null };
}

/** As PostgreSQL's connections: each knows whether another one has written since its last transaction. */
function connectionOfNode({ disk, timeline }: StoreClientOptions): Connection {
  let lastTurn = 0;
  return {
    ...disk,
    isOvertaken: () => lastTurn !== disk.turns,
    clockMs: () => Math.floor(CLOCK_START_MS + timeline.nowMs),
    commit() {
      disk.commit();
      disk.turns += 1;
      lastTurn = disk.turns;
    },
  };
}

/** Of the database's clock. */
export const CLOCK_START_MS = WALL_START_MS;

const UNREACHABLE = { kind: "unavailable", message: "not in reach", full: false } as const;

function isReachable({ disk, isCut }: StoreClientOptions): boolean {
  return disk.state !== "refusing" && !isCut();
}

/** Returns null if the process crashes. */
function write(options: StoreClientOptions, w: Writing, calls: readonly Call[]): Answer<unknown>[] | null {
  const { disk, crash, afterCommit, notes } = options;
  const { atCommit } = disk;
  disk.atCommit = null;
  if (atCommit === "crashBefore") {
    crash();
    return null;
  }
  const answers = isReachable(options) ? commit(disk, w, calls) : calls.map(() => UNREACHABLE);
  if (w.mode.noted) notes.send({ kind: "changed" });
  w.mode.noted = false;
  afterCommit();
  if (atCommit !== "crashAfter") return answers;
  crash();
  return null;
}

function commit(disk: Disk, w: Writing, calls: readonly Call[]): Answer<unknown>[] {
  const pages = Number(disk.db.prepare("PRAGMA page_count").get()?.page_count);
  if (disk.state === "full") disk.db.exec(`PRAGMA max_page_count = ${pages}`);
  try {
    w.mode.enters = calls.some(({ verb }) => verb === "enter");
    const run = ({ verb, args }: Call) => {
      const result = (WRITER_VERBS[verb as WriterVerb] as Carry)(w, ...args);
      noteForNodes(w, verb as WriterVerb, args, result);
      return result;
    };
    return commitGroup(
      w,
      calls.map((call) => () => run(call)),
      w.isShared ? { ...needsOf(calls), mayCommit: () => true } : undefined,
    );
  } finally {
    if (disk.state === "full") disk.db.exec("PRAGMA max_page_count = 1073741823");
  }
}

/** How long a thread works on its calls, and how long its answers take. */
interface Pace {
  readonly workMs: (random: Random) => number;
  readonly onItsWayMs: (random: Random) => number;
}

const WRITER_PACE: Pace = { workMs: commitMs, onItsWayMs: (random) => random.between(0, 1) };
const READER_PACE: Pace = { workMs: commitMs, onItsWayMs: readAnswerMs };
/** No checkpoint delays the reads of a node. */
const READER_PACE_OF_NODE: Pace = {
  workMs: (random) => (random.chance(0.9) ? random.between(0.2, 6) : random.between(6, 40)),
  onItsWayMs: readAnswerMs,
};

type Carried = readonly Answer<unknown>[] | null;

function createThread(
  options: StoreClientOptions,
  carryOut: (calls: readonly Call[]) => Carried,
  { workMs, onItsWayMs }: Pace,
): (call: Call) => void {
  const { timeline, random } = options;
  let queue: Call[] = [];
  let busy = false;
  let lastAnswerAt = 0;

  function begin(): void {
    busy = true;
    timeline.after(workMs(random), () => {
      const calls = queue.slice(0, GROUP_CALLS_MAX);
      queue = queue.slice(GROUP_CALLS_MAX);
      const answers = carryOut(calls);
      if (answers === null) return;
      lastAnswerAt = Math.max(lastAnswerAt, timeline.nowMs + onItsWayMs(random));
      const cloned = structuredClone(answers);
      timeline.after(lastAnswerAt - timeline.nowMs, () => {
        for (const [index, call] of calls.entries()) answer(options, call, cloned[index] as Answer<unknown>);
      });
      busy = false;
      if (queue.length > 0) begin();
    });
  }

  return (call) => {
    queue.push(call);
    if (!busy) begin();
  };
}

function answer({ onAnswer, onBroken }: StoreClientOptions, call: Call, answered: Answer<unknown>): void {
  switch (answered.kind) {
    case "ok":
      onAnswer(call.verb, call.args, answered.value);
      call.resolve(answered.value);
      return;
    case "unavailable":
      call.reject(new StoreUnavailable(answered.message));
      return;
    case "gone":
      call.reject(new NodeGone());
      return;
    case "broken":
      onBroken(call.verb, answered.message);
      call.reject(new Error(answered.message));
  }
}

/** Usually a quick sync, sometimes a slow one, and rarely a checkpoint. */
function commitMs(random: Random): number {
  const luck = random.next();
  if (luck < 0.9) return random.between(0.2, 6);
  return luck < 0.995 ? random.between(6, 200) : random.between(200, 3000);
}

/** A read may be outdated when its answer arrives, because the writer's answers can overtake it. */
function readAnswerMs(random: Random): number {
  return random.chance(0.9) ? random.between(0, 1) : random.between(1, 30);
}
