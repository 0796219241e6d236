/** What every writing verb works with: the connection, the vault, and the state of the current group commit. */
import type { EpochMs, Seq, Uuid } from "../domain/ids.ts";
import type { Settlement } from "../ports/store.ts";
import { Usage } from "./access/usage.ts";
import type { Connection } from "./connection.ts";
import { LaneRows } from "./delivery/lane-rows.ts";
import { Subscriptions } from "./endpoints/subscriptions.ts";
import { type Counters, createCounters } from "./history/statistics/counters.ts";
import { Refusals } from "./inbound/refusals.ts";
import { all } from "./read-connection.ts";
import { Counting, newTotals } from "./totals.ts";
import type { Vault } from "./vault.ts";

export interface Writing extends Connection {
  readonly vault: Vault;
  /** Makes ids for what a verb creates by itself: an `endpoint.disabled` event, or the deliveries of a replay. */
  readonly newId: () => Uuid;
  readonly lanes: LaneRows;
  /** Set while a group runs again in savepoints; see `commitGroup`. */
  readonly mode: {
    careful: boolean;
    /** What is in memory may not be what is stored: the next group reads it again. */
    isStale: boolean;
    /** Whether another node wrote between the last two groups of this one. */
    wasOvertaken: boolean;
    /** Set while the group contains `enter`, which a node may call although it is gone. */
    enters: boolean;
    /** Other nodes should look at what this group wrote. */
    noted: boolean;
  };
  /** The number and the start time of this node, once it has entered. */
  readonly self: {
    node: number;
    enteredAt: EpochMs;
    /** How many nodes were alive at the last heartbeat. */
    nodes: number;
  };
  readonly counters: Counters;
  readonly usage: Usage;
  /** For the metrics. */
  readonly totals: Counting;
  /** The next sequences of the tables that are read in the order of their rows. */
  readonly sequences: Sequences;
  /** Facts that stay true from one group commit to the next, as long as none is rolled back. */
  readonly memory: Memory;
  /** What `settleAhead` has sent in this transaction, by the settlements that it is for. */
  readonly settledAhead: Map<readonly Settlement[], () => readonly First[]>;
}

/** A settlement that was tried as the success of a first attempt. */
export interface First {
  readonly attemptSeq: Seq;
  readonly isDone: boolean;
}

export interface Sequences {
  event: Seq;
  delivery: Seq;
  attempt: Seq;
  /** The latest creation time of a delivery. No new delivery gets an earlier one. */
  createdAt: EpochMs;
}

export interface Memory {
  /** Event types by tenant and name. */
  readonly typeSeqs: Map<string, Seq>;
  /** URLs by endpoint and text. */
  readonly urlSeqs: Map<string, Seq>;
  /** How often event types or URLs had been deleted when these were read. */
  readonly namesDeleted: { value: number };
  /** The daily idempotency tables that exist. A shared database has none. */
  readonly idempotencyDays: Set<number>;
  /** Payload bytes held by each tenant's paused endpoints. */
  readonly heldBytes: Map<Seq, number>;
  readonly subscriptions: Subscriptions;
  readonly refusals: Refusals;
}

/** The limit for each map of `Memory`. All entries are cheap to look up again. What is not a map limits itself. */
const MEMORY_ENTRIES_MAX = 20_000;
/** Lanes and tenants. Every group looks through all of them for what it has to write. */
const ROWS_REMEMBERED_MAX = 1000;

/** @param totals where to count what is committed; left out: nobody reads it */
export function createWriting<C extends Connection>(
  connection: C,
  vault: Vault,
  newId: () => Uuid,
  totals = newTotals(),
): C & Writing {
  const counting = new Counting(totals);
  const writing: C & Writing = {
    ...connection,
    vault,
    newId,
    mode: { careful: false, isStale: true, wasOvertaken: false, enters: false, noted: false },
    self: { node: 0, enteredAt: 0, nodes: 1 },
    lanes: new LaneRows(connection),
    counters: createCounters(connection, counting),
    usage: new Usage(connection),
    totals: counting,
    sequences: { event: 0, delivery: 0, attempt: 0, createdAt: 0 },
    memory: {
      typeSeqs: new Map(),
      urlSeqs: new Map(),
      namesDeleted: { value: 0 },
      idempotencyDays: new Set(),
      heldBytes: new Map(),
      subscriptions: new Subscriptions(connection),
      refusals: new Refusals(connection),
    },
    settledAhead: new Map(),
  };
  return writing;
}

/** Write what the group has summed up in memory. Runs right before COMMIT. */
export function flush(writing: Writing): void {
  writing.lanes.flush();
  writing.counters.flush();
  writing.usage.flush();
  writing.totals.flush();
}

/**
 * Runs after COMMIT. Of a database with one server, the next group reads lanes and quotas again, since the command line
 * may write in between. On a shared database, whoever writes takes a turn, and the next group notices that.
 */
export function endGroup(writing: Writing): void {
  const { lanes, usage } = writing;
  const keeps = writing.isShared && !writing.mode.careful;
  for (const rows of [lanes, usage]) if (!keeps || rows.size > ROWS_REMEMBERED_MAX) rows.clear();
  writing.counters.clear();
  writing.totals.clear();
  const { typeSeqs, urlSeqs, heldBytes } = writing.memory;
  for (const map of [typeSeqs, urlSeqs, heldBytes]) if (map.size > MEMORY_ENTRIES_MAX) map.clear();
}

/** Retention stores the highest sequence that it deleted, so that no sequence is ever used twice. */
const latestSeq = (table: string, deletedName: string) => `
    max(
      coalesce((SELECT max(seq) FROM ${table}), 0),
      coalesce((SELECT value FROM marks WHERE name = '${deletedName}'), 0))`;
// A test's delivery has the time when the test began, so the last row need not have the latest time.
const STATE = `
  SELECT ${latestSeq("events", "event_seq_deleted")} AS event,
    ${latestSeq("deliveries", "delivery_seq_deleted")} AS delivery,
    ${latestSeq("attempts", "attempt_seq_deleted")} AS attempt,
    (SELECT coalesce(max(created_at), 0)
     FROM (SELECT created_at FROM deliveries ORDER BY seq DESC LIMIT 100) latest) AS created_at,
    coalesce((SELECT value FROM marks WHERE name = 'names_deleted'), 0) AS names_deleted`;

/**
 * Runs in the group after a rollback, and after another node wrote: what is in memory may not be what is stored. Sends the
 * queries. The returned function waits for their rows, and remembers these instead.
 */
export function readAgain(writing: Writing): () => void {
  writing.settledAhead.clear();
  writing.lanes.clear();
  writing.counters.clear();
  writing.usage.clear();
  const state = writing.prepare(STATE).allLater();
  return () => {
    const [row] = state();
    const { memory, mode, sequences } = writing;
    // Other nodes add event types and URLs, but only retention deletes any.
    const keepsNames = !mode.isStale && Number(row?.names_deleted) === memory.namesDeleted.value;
    memory.namesDeleted.value = Number(row?.names_deleted);
    mode.isStale = false;
    if (!keepsNames) forgetNames(memory);
    forgetRows(writing);
    sequences.event = Number(row?.event) + 1;
    sequences.delivery = Number(row?.delivery) + 1;
    sequences.attempt = Number(row?.attempt) + 1;
    // One later than all of them, so that a page that was frozen as of the latest stays the same.
    sequences.createdAt = Number(row?.created_at) + 1;
  };
}

/**
 * Runs after a savepoint was rolled back. `endGroup` has already cleared the lanes, the counters and the usage. What
 * else is in memory may be about rows of the savepoint.
 */
export function forgetSavepoint(writing: Writing): void {
  forgetNames(writing.memory);
  forgetRows(writing);
}

function forgetNames({ typeSeqs, urlSeqs }: Memory): void {
  typeSeqs.clear();
  urlSeqs.clear();
}

function forgetRows(writing: Writing): void {
  const { memory } = writing;
  memory.heldBytes.clear();
  memory.subscriptions.clear();
  memory.refusals.clear();
  memory.idempotencyDays.clear();
  for (const day of storedDays(writing)) memory.idempotencyDays.add(day);
}

const DAYS = "idempotency_";
const TABLES_OF_DAYS = `SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB '${DAYS}*'`;

function storedDays(connection: Connection): readonly number[] {
  if (connection.isShared) return [];
  return all<{ name: string }>(connection, TABLES_OF_DAYS).map(({ name }) => Number(name.slice(DAYS.length)));
}

const NOTE_DELETED = `
  INSERT INTO marks (name, value)
  VALUES ('names_deleted', 1)
  ON CONFLICT (name) DO UPDATE SET value = marks.value + 1`;

/** Event types or URLs were deleted, whose sequences this node and others may remember. */
export function namesDeleted(writing: Writing): void {
  forgetNames(writing.memory);
  writing.prepare(NOTE_DELETED).run();
}
