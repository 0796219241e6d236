/** Moves an embedded store to PostgreSQL. Both have the same tables, and every row keeps its number. */
import { type DatabaseAddress, shownDatabase } from "../../domain/database-address.ts";
import { StartupError } from "../../domain/errors.ts";
import { MOVE_PAYLOADS_COUNT_MAX } from "../../domain/limits.ts";
import { RowHasher, type TableHash } from "./row-hash.ts";
import { openSource, type Source, type SourceOptions } from "./source.ts";
import { Batch, openTarget, type Target, targetFault } from "./target.ts";

export interface MoveOptions extends SourceOptions {
  readonly to: DatabaseAddress;
}

/** One check: what both stores have, and whether it is the same. For a table, that includes the content of its rows. */
export interface Comparison {
  readonly check: string;
  readonly source: number;
  readonly target: number;
  readonly same: boolean;
}

/** With a difference, nothing was moved, and the database is as empty as before. */
export interface Moved {
  readonly isMoved: boolean;
  readonly comparisons: readonly Comparison[];
}

/** @throws StartupError when the data cannot be moved; nothing has changed then */
export async function moveStore(options: MoveOptions): Promise<Moved> {
  const { to } = options;
  const source = openSource(options);
  try {
    const target = await openTarget(to, shownDatabase(to));
    try {
      return await move(source, target, shownDatabase(to));
    } finally {
      await target.close();
    }
  } catch (error) {
    throw error instanceof StartupError ? error : (source.fault(error) ?? targetFault(error, to));
  } finally {
    source.close();
  }
}

async function move(source: Source, target: Target, place: string): Promise<Moved> {
  await target.begin(source);
  const copied = new Map<string, TableHash>();
  for (const table of await tablesOfBoth(source, target)) copied.set(table, await copy(source, target, table));
  await target.continueNumbers((table) => source.lastNumber(table));
  const comparisons = [
    ...(await compareTables(target, copied)),
    await compareDeliveries(source, target),
    await comparePayloads(source, target),
  ];
  if (comparisons.some(({ same }) => !same)) return { isMoved: false, comparisons };
  // The source is marked first, so that only its commit can fail once the database has the data.
  source.markMoved(place);
  await target.commit(source.id);
  source.commit();
  await target.analyze();
  return { isMoved: true, comparisons };
}

async function tablesOfBoth(source: Source, target: Target): Promise<readonly string[]> {
  const tables = await target.tables();
  const there = [...tables].sort().join();
  const here = [...source.tables].sort().join();
  if (there !== here) throw new Error(`the stores have different tables: ${here}; ${there}`);
  return tables;
}

/** While PostgreSQL inserts one batch, the next one is read. */
async function copy(source: Source, target: Target, table: string): Promise<TableHash> {
  const columns = await target.columns(table);
  const names = columns.map(({ name }) => name);
  const known = source.columns(table);
  if ([...names].sort().join() !== [...known].sort().join()) {
    throw new Error(`the stores have different columns of ${table}: ${known.join()}; ${names.join()}`);
  }
  const hasher = new RowHasher();
  let inserting: Promise<void> | null = null;
  let batch = new Batch(columns);
  for (const values of source.rows(table, names)) {
    hasher.add(values);
    batch.add(values);
    if (!batch.isFull) continue;
    await inserting;
    inserting = target.insert(table, columns, batch);
    inserting.catch(() => undefined); // thrown where it is awaited
    batch = new Batch(columns);
  }
  await inserting;
  if (!batch.isEmpty) await target.insert(table, columns, batch);
  return hasher.result;
}

async function compareTables(target: Target, copied: ReadonlyMap<string, TableHash>): Promise<readonly Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const [table, read] of copied) {
    const found = await target.hash(table);
    const same = read.rows === found.rows && read.hash === found.hash;
    comparisons.push({ check: table, source: read.rows, target: found.rows, same });
  }
  return comparisons;
}

const DELIVERIES = `
  SELECT tenant_seq, endpoint_seq, state, count(*) AS count
  FROM deliveries
  GROUP BY tenant_seq, endpoint_seq, state
  ORDER BY tenant_seq, endpoint_seq, state`;

async function compareDeliveries(source: Source, target: Target): Promise<Comparison> {
  const groups = (rows: readonly object[]) => rows.map((row) => Object.values(row).map(Number).join());
  const here = groups(source.all(DELIVERIES));
  const there = groups(await target.all(DELIVERIES));
  return {
    check: "deliveries by tenant, endpoint and state",
    source: here.length,
    target: there.length,
    same: here.join(" ") === there.join(" "),
  };
}

async function comparePayloads(source: Source, target: Target): Promise<Comparison> {
  const here = source.somePayloads(MOVE_PAYLOADS_COUNT_MAX);
  const there = await target.payloads([...here.keys()]);
  const same = [...here].every(([seq, payload]) => there.get(seq) === payload);
  return { check: "payloads at random, byte for byte", source: here.size, target: there.size, same };
}
