/**
 * The real SQL verbs behind the store port, without threads. The disk outlives the processes, and each process has its
 * own client.
 *
 * As with the real threads, calls go to a writer and to readers. Each handles its calls and answers in order, but there
 * is no order between them. The simulation decides when the disk is slow, full or unavailable.
 */
import { StoreUnavailable } from "../../src/domain/errors.ts";
import type { Uuid } from "../../src/domain/ids.ts";
import type { Changes, Store } from "../../src/ports/store.ts";
import { type Answer, commitGroup } from "../../src/store/group.ts";
import { Keeper, type KeeperCalls } from "../../src/store/history/ledger/keeper.ts";
import { createKeeping, LEDGER_VERBS } from "../../src/store/history/ledger/verbs.ts";
import { createReadConnection } from "../../src/store/read-connection.ts";
import { migrate, openConnection, type SqliteConnection } from "../../src/store/sqlite/connection.ts";
import { LEDGER_READS } from "../../src/store/store.ts";
import { READER_VERBS } from "../../src/store/threads/reader-verbs.ts";
import { createVault, type Vault } from "../../src/store/vault.ts";
import { WRITER_VERBS } from "../../src/store/verbs.ts";
import { createWriting, type Writing } from "../../src/store/writing.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** `refusing`: the database is locked, so no verb runs. `full`: the file cannot grow, so SQLite fails the commit. */
export type DiskState = "healthy" | "refusing" | "full";

export interface Disk extends SqliteConnection {
  readonly vault: Vault;
  state: DiskState;
  /** Crashes the process at the next group commit, either before or after the commit. */
  crashAt: "beforeCommit" | "afterCommit" | null;
}

export function createDisk(): Disk {
  const connection = openConnection(":memory:", "write");
  migrate(connection);
  return { ...connection, vault: createVault(Buffer.alloc(32, 7)), state: "healthy", crashAt: null };
}

export interface StoreClientOptions {
  readonly disk: Disk;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly newId: () => Uuid;
  readonly isAlive: () => boolean;
  readonly crash: () => void;
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
  const { disk, timeline, random } = options;
  const connection = createReadConnection(disk, disk.vault);
  const keeping = createKeeping(disk);
  const writer = createThread(options, (calls) => write(options, writing(), calls));
  const reader = createThread(
    options,
    (calls) => calls.map((call) => read(READER_VERBS, connection, call)),
    readAnswerMs,
  );
  const ledger = createThread(options, (calls) => calls.map((call) => read(LEDGER_VERBS, keeping, call)), readAnswerMs);
  let writingNow: Writing | null = null;

  function writing(): Writing {
    writingNow ??= createWriting(disk, disk.vault, options.newId);
    return writingNow;
  }

  function read(table: object, on: unknown, { verb, args }: Call): Answer<unknown> {
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
  // No other process writes to this disk.
  const noChanges: Changes = { changes: [], mark: "", lanes: [], nextReadyAt: null, nextPauseAt: null };
  verbs.changesSince = () => new Promise((resolve) => timeline.after(random.between(0, 3), () => resolve(noChanges)));
  return { ...(verbs as unknown as Store), notes: null };
}

/** Returns null if the process crashes. */
function write({ disk, crash }: StoreClientOptions, w: Writing, calls: readonly Call[]): Answer<unknown>[] | null {
  const { crashAt } = disk;
  disk.crashAt = null;
  if (crashAt === "beforeCommit") {
    crash();
    return null;
  }
  const answers = commit(disk, w, calls);
  if (crashAt === null) return answers;
  crash();
  return null;
}

function commit(disk: Disk, w: Writing, calls: readonly Call[]): Answer<unknown>[] {
  if (disk.state === "refusing") return calls.map(() => ({ kind: "unavailable", message: "locked", full: false }));
  const pages = Number(disk.db.prepare("PRAGMA page_count").get()?.page_count);
  if (disk.state === "full") disk.db.exec(`PRAGMA max_page_count = ${pages}`);
  try {
    const run = ({ verb, args }: Call) => (WRITER_VERBS[verb as keyof typeof WRITER_VERBS] as Carry)(w, ...args);
    return commitGroup(
      w,
      calls.map((call) => () => run(call)),
    );
  } finally {
    if (disk.state === "full") disk.db.exec("PRAGMA max_page_count = 1073741823");
  }
}

type Carried = readonly Answer<unknown>[] | null;

function createThread(
  options: StoreClientOptions,
  carryOut: (calls: readonly Call[]) => Carried,
  onItsWayMs: (random: Random) => number = (chance) => chance.between(0, 1),
): (call: Call) => void {
  const { timeline, random, isAlive } = options;
  let queue: Call[] = [];
  let busy = false;
  let lastAnswerAt = 0;

  function begin(): void {
    busy = true;
    timeline.after(commitMs(random), () => {
      if (!isAlive()) return;
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

function answer({ isAlive, onAnswer, onBroken }: StoreClientOptions, call: Call, answered: Answer<unknown>): void {
  if (!isAlive()) return;
  switch (answered.kind) {
    case "ok":
      onAnswer(call.verb, call.args, answered.value);
      call.resolve(answered.value);
      return;
    case "unavailable":
      call.reject(new StoreUnavailable(answered.message));
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
