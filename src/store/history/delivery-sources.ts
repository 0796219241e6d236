/** Index ranges of deliveries, read newest first, with the conditions that the range does not satisfy by itself. */
import type { Seq } from "../../domain/ids.ts";
import type { Connection } from "../connection.ts";
import { one } from "../read-connection.ts";
import { type Reader, read, readOne } from "../rounds.ts";
import type { Batch, MergeSource } from "./delivery-merge.ts";

/**
 * The condition that selects a range of each index. Entries with equal keys are in the order of the sequence, so a
 * range needs no sort. The conditions of partial indexes are repeated literally: SQLite derives nothing from `state =
 * ?`.
 */
const INDEXES = {
  tenant: { by: "INDEXED BY deliveries_of_tenant", where: "d.tenant_seq = ?" },
  endpoint: { by: "INDEXED BY deliveries_of_endpoint", where: "d.endpoint_seq = ?" },
  type: { by: "INDEXED BY deliveries_of_type", where: "d.type_seq = ?" },
  later: { by: "INDEXED BY deliveries_later", where: "d.event_seq = ? AND d.later = 1" },
  tenantState: {
    by: "INDEXED BY deliveries_exceptional_of_tenant",
    where: "d.tenant_seq = ? AND d.state = ? AND d.state NOT IN (2, 3)",
  },
  endpointState: {
    by: "INDEXED BY deliveries_exceptional_of_endpoint",
    where: "d.endpoint_seq = ? AND d.state = ? AND d.state NOT IN (2, 3)",
  },
  /** The first sequence, and the one after the last. */
  sequence: { by: "NOT INDEXED", where: "d.seq >= ? AND d.seq < ?" },
} as const;

export type IndexName = keyof typeof INDEXES;

export interface Range {
  readonly index: IndexName;
  readonly keys: readonly number[];
}

/** Conditions in SQL over `deliveries d`. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly (number | string)[];
}

/** Sequences from `low` on and below `high`. */
export interface Span {
  readonly low: Seq;
  readonly high: Seq;
}

/** IS TRUE keeps PostgreSQL from reading the index of a condition instead of the range's. */
const checked = (rest: readonly Condition[]): string => rest.map(({ sql }) => ` AND (${sql}) IS TRUE`).join("");

function head(select: string, { index }: Range, rest: readonly Condition[]): string {
  const { by, where } = INDEXES[index];
  return `
  SELECT ${select}
  FROM deliveries d ${by}
  WHERE ${where} AND d.seq < ? AND d.seq >= ?${checked(rest)}
  ORDER BY d.seq DESC`;
}

/** The statements of a range, for the verbs and for the test of their query plans. */
const rangeSql = {
  hits: (range: Range, rest: readonly Condition[]) => `${head("d.seq", range, rest)}
  LIMIT ?`,
  /** Counts index entries without reading rows. */
  bound: (range: Range) => `${head("d.seq", range, [])}
  LIMIT 1 OFFSET ?`,
  density: (range: Range) => `
  SELECT count(*) AS count, min(seq) AS lowest, max(seq) AS highest
  FROM (${head("d.seq", range, [])}
  LIMIT ?) AS sample`,
};

export function rangeSource(connection: Connection, range: Range, low: Seq, rest: readonly Condition[]): MergeSource {
  const values = rest.flatMap((condition) => condition.values);
  const sql = rangeSql.hits(range, rest);

  function* readHits(before: Seq, from: Seq, hitsMax: number): Reader<Seq[]> {
    const rows = yield* read<{ seq: Seq }>(connection, sql, ...range.keys, before, from, ...values, hitsMax);
    return rows.map(({ seq }) => seq);
  }

  function* readAll(before: Seq, hitsMax: number): Reader<Batch> {
    const seqs = yield* readHits(before, low, hitsMax);
    return { hits: seqs, floor: seqs.length < hitsMax ? null : (seqs.at(-1) ?? null), visited: seqs.length };
  }

  function* readSome(before: Seq, hitsMax: number, visitsMax: number): Reader<Batch> {
    const keys = [...range.keys, before, low, visitsMax - 1];
    const bound = (yield* readOne<{ seq: Seq }>(connection, rangeSql.bound(range), ...keys))?.seq;
    const seqs = yield* readHits(before, bound ?? low, hitsMax);
    const floor = seqs.length < hitsMax ? (bound ?? null) : (seqs.at(-1) ?? null);
    // How many rows were visited up to the last hit is not known, so all that were allowed count as visited.
    return { hits: seqs, floor, visited: visitsMax };
  }

  return {
    read: (before, hitsMax, visitsMax) =>
      rest.length === 0 ? readAll(before, hitsMax) : readSome(before, hitsMax, visitsMax),
  };
}

/** Entries per sequence among the newest entries of a range. The smaller it is, the fewer rows a list visits. */
export function* rangeDensity(connection: Connection, range: Range, span: Span, entriesMax: number): Reader<number> {
  type Row = { count: number; lowest: Seq | null; highest: Seq | null };
  const keys = [...range.keys, span.high, span.low, entriesMax];
  const found = yield* readOne<Row>(connection, rangeSql.density(range), ...keys);
  if (found === undefined || found.lowest === null || found.highest === null) return 0;
  // A range that was counted to its end is sparse over the whole span, even if its entries are close together.
  const reach = found.count < entriesMax ? span.high - span.low : found.highest - found.lowest + 1;
  return found.count / reach;
}

// Leases are not in the order of sequences, so all of them are read, step by step. There are no more than the lane pool
// holds.
const leasedSql = {
  count: `
  SELECT count(*) AS count
  FROM (
    SELECT 1
    FROM deliveries INDEXED BY deliveries_leased
    WHERE lease IS NOT NULL
    LIMIT ?) AS leased`,
  bound: `
  SELECT lease
  FROM deliveries INDEXED BY deliveries_leased
  WHERE lease IS NOT NULL AND lease > ?
  ORDER BY lease
  LIMIT 1 OFFSET ?`,
  hits: (rest: readonly Condition[]) => `
  SELECT d.seq
  FROM deliveries d INDEXED BY deliveries_leased
  WHERE d.lease IS NOT NULL AND d.lease > ? AND d.lease <= ? AND +d.seq < ? AND +d.seq >= ?${checked(rest)}`,
};

/** Counts up to `countMax`. */
export function countLeases(connection: Connection, countMax: number): number {
  return one<{ count: number }>(connection, leasedSql.count, countMax)?.count ?? 0;
}

export function leasedSource(
  connection: Connection,
  low: Seq,
  rest: readonly Condition[],
  visitsPerStatementMax: number,
): MergeSource {
  const values = rest.flatMap((condition) => condition.values);
  const step = visitsPerStatementMax;
  return {
    *read(before) {
      const seqs: Seq[] = [];
      let visited = 0;
      for (let after: number | null = 0; after !== null; visited += step) {
        const bound: { lease: number } | undefined = yield* readOne(connection, leasedSql.bound, after, step - 1);
        const upTo: number = bound?.lease ?? Number.MAX_SAFE_INTEGER;
        const rows = yield* read<{ seq: Seq }>(connection, leasedSql.hits(rest), after, upTo, before, low, ...values);
        for (const { seq } of rows) seqs.push(seq);
        after = bound?.lease ?? null;
      }
      return { hits: seqs.sort((a, b) => b - a), floor: null, visited };
    },
  };
}
