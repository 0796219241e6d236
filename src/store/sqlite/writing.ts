/** What every writing verb works with: the connection, the vault, and the present group commit's memory. */
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Vault } from "../vault.ts";
import { createUsage, type Usage } from "./access/usage.ts";
import type { Connection } from "./connection.ts";
import { createLanes, type Lanes } from "./delivery/lanes.ts";
import { createSubscriptions, type Subscriptions } from "./endpoints/subscriptions.ts";
import { type Counters, createCounters } from "./history/counters.ts";
import { createRefusals, type Refusals } from "./inbound/refusals.ts";

export interface Writing extends Connection {
  readonly vault: Vault;
  /** Makes ids for what a verb creates on its own (an `endpoint.disabled` event, a replay). */
  readonly newId: () => Uuid;
  readonly lanes: Lanes;
  /** Set while a group is done again in savepoints; see `commitGroup`. */
  readonly mode: { careful: boolean };
  /** This node's number and start, once it has entered. */
  readonly self: { node: number; enteredAt: EpochMs };
  readonly counters: Counters;
  readonly usage: Usage;
  /** The next row of the tables whose order matters. */
  readonly sequences: Sequences;
  /** Facts that stay true between group commits, as long as none is abandoned. */
  readonly memory: Memory;
}

export interface Sequences {
  event: Seq;
  delivery: Seq;
  attempt: Seq;
  /** The latest creation time of a delivery: none is made that says it was made before one that is there. */
  createdAt: EpochMs;
}

export interface Memory {
  /** Event types by tenant and name. */
  readonly typeSeqs: Map<string, Seq>;
  /** URLs by endpoint and text. */
  readonly urlSeqs: Map<string, Seq>;
  /** The daily idempotency tables that exist. */
  readonly idempotencyDays: Set<number>;
  /** Payload bytes held by each tenant's paused endpoints. */
  readonly heldBytes: Map<Seq, number>;
  readonly subscriptions: Subscriptions;
  readonly refusals: Refusals;
}

/** Entries of each map of `Memory`; all of them are cheap to look up again. What is not a map bounds itself. */
const MEMORY_ENTRIES_MAX = 20_000;

export function createWriting(connection: Connection, vault: Vault, newId: () => Uuid): Writing {
  const writing: Writing = {
    ...connection,
    vault,
    newId,
    mode: { careful: false },
    self: { node: 0, enteredAt: 0 },
    lanes: createLanes(connection),
    counters: createCounters(connection),
    usage: createUsage(connection),
    sequences: { event: 0, delivery: 0, attempt: 0, createdAt: 0 },
    memory: {
      typeSeqs: new Map(),
      urlSeqs: new Map(),
      idempotencyDays: new Set(),
      heldBytes: new Map(),
      subscriptions: createSubscriptions(connection),
      refusals: createRefusals(connection),
    },
  };
  forget(writing);
  return writing;
}

/** Write what the group summed up; the last thing before COMMIT. */
export function flush(writing: Writing): void {
  writing.lanes.flush();
  writing.counters.flush();
  writing.usage.flush();
}

/** After a commit: the next group reads lanes and quotas again, since the command line may write in between. */
export function endGroup(writing: Writing): void {
  writing.lanes.clear();
  writing.counters.clear();
  writing.usage.clear();
  const { typeSeqs, urlSeqs, heldBytes } = writing.memory;
  for (const map of [typeSeqs, urlSeqs, heldBytes]) if (map.size > MEMORY_ENTRIES_MAX) map.clear();
}

// Tests say when they began: the last row's time need not be the latest.
const LATEST_CREATION = `
  SELECT coalesce(max(created_at), 0) AS at
  FROM (SELECT created_at FROM deliveries ORDER BY seq DESC LIMIT 100)`;

/** After an abandoned group: everything remembered may be of rows that were never written. */
export function forget(writing: Writing): void {
  writing.lanes.clear();
  writing.counters.clear();
  writing.usage.clear();
  forgetRows(writing);
  const { sequences } = writing;
  sequences.event = nextSeq(writing, "events", "event_seq_deleted");
  sequences.delivery = nextSeq(writing, "deliveries", "delivery_seq_deleted");
  sequences.attempt = nextSeq(writing, "attempts", "attempt_seq_deleted");
  // Later than all of them, so that what was frozen as of the latest stays so.
  sequences.createdAt = Number(writing.prepare(LATEST_CREATION).get()?.at) + 1;
}

/** After an undone savepoint: what was remembered may be of its rows. Lanes stand: every verb changes them last. */
export function forgetRows(writing: Writing): void {
  const { memory } = writing;
  memory.typeSeqs.clear();
  memory.urlSeqs.clear();
  memory.heldBytes.clear();
  memory.subscriptions.clear();
  memory.refusals.clear();
  memory.idempotencyDays.clear();
  for (const row of writing.prepare("SELECT name FROM sqlite_master WHERE name GLOB 'idempotency_*'").all()) {
    memory.idempotencyDays.add(Number(String(row.name).slice("idempotency_".length)));
  }
}

/** Retention notes the highest sequence that it deleted, so that none is ever used twice. */
function nextSeq(connection: Connection, table: string, deletedName: string): Seq {
  const row = connection
    .prepare(
      `SELECT max(coalesce((SELECT max(seq) FROM ${table}), 0), coalesce((SELECT value FROM meta WHERE name = ?), 0)) AS seq`,
    )
    .get(deletedName);
  return Number(row?.seq) + 1;
}
