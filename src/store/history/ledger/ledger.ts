/** The segments of every tenant, in the memory of the one thread that owns them. They are loaded when needed. */
import type { EpochMs, Seq } from "../../../domain/ids.ts";
import type { Connection } from "../../connection.ts";
import { all, one } from "../../read-connection.ts";
import {
  type Columns,
  type Entry,
  emptyColumns,
  GONE,
  grown,
  packColumns,
  picked,
  rowOfSeq,
  SEGMENT_ROWS_MAX,
  setRow,
  unpackColumns,
} from "./columns.ts";

/** How far each sequence was read. */
export interface LedgerProgress {
  readonly delivery: Seq;
  readonly attempt: Seq;
  readonly change: Seq;
}

export interface Segment {
  readonly number: number;
  readonly tenantSeq: Seq;
  readonly firstSeq: Seq;
  lastSeq: Seq;
  count: number;
  /** How many of its rows retention has deleted since it was loaded. */
  gone: number;
  createdMin: EpochMs;
  createdMax: EpochMs;
  /** The range of `idTime`: any until its columns were in memory. */
  idMin: number;
  idMax: number;
  /** Null while they are not in memory. */
  columns: Columns | null;
  /** Each change raises it. */
  version: number;
  usedAt: number;
}

export interface Ledger {
  /** By tenant, in the order of their sequences. */
  readonly shelves: Map<Seq, Segment[]>;
  readonly dirty: Set<Segment>;
  /** The numbers of segments that became empty and that may still be stored. */
  readonly emptied: Set<number>;
  progress: LedgerProgress;
  nextNumber: number;
  /** How many bytes the columns in memory have, and may have. */
  bytes: number;
  readonly bytesMax: number;
  /** Counts uses, to find what was not used for the longest time. */
  uses: number;
}

interface StoredSegment {
  readonly number: number;
  readonly tenant_seq: Seq;
  readonly first_seq: Seq;
  readonly last_seq: Seq;
  readonly count: number;
  readonly created_min: EpochMs;
  readonly created_max: EpochMs;
}

const SEGMENTS = `
  SELECT number, tenant_seq, first_seq, last_seq, count, created_min, created_max
  FROM ledger_segments
  ORDER BY tenant_seq, first_seq`;
const PROGRESS = "SELECT value FROM meta WHERE name = 'ledger'";

export function readProgress(connection: Connection): LedgerProgress {
  const stored = one<{ value: string }>(connection, PROGRESS);
  return stored === undefined ? { delivery: 0, attempt: 0, change: 0 } : JSON.parse(stored.value);
}

export function openLedger(connection: Connection, bytesMax: number): Ledger {
  const ledger: Ledger = {
    shelves: new Map(),
    dirty: new Set(),
    emptied: new Set(),
    progress: readProgress(connection),
    nextNumber: 1,
    bytes: 0,
    bytesMax,
    uses: 0,
  };
  for (const row of all<StoredSegment>(connection, SEGMENTS)) {
    shelfOf(ledger, row.tenant_seq).push({
      number: row.number,
      tenantSeq: row.tenant_seq,
      firstSeq: row.first_seq,
      lastSeq: row.last_seq,
      count: row.count,
      gone: 0,
      createdMin: row.created_min,
      createdMax: row.created_max,
      idMin: Number.NEGATIVE_INFINITY,
      idMax: Number.POSITIVE_INFINITY,
      columns: null,
      version: 0,
      usedAt: 0,
    });
    ledger.nextNumber = Math.max(ledger.nextNumber, row.number + 1);
  }
  return ledger;
}

function shelfOf(ledger: Ledger, tenantSeq: Seq): Segment[] {
  let shelf = ledger.shelves.get(tenantSeq);
  if (shelf === undefined) {
    shelf = [];
    ledger.shelves.set(tenantSeq, shelf);
  }
  return shelf;
}

/** Add a delivery, or update its row. */
export function putEntry(ledger: Ledger, connection: Connection, tenantSeq: Seq, entry: Entry): void {
  const shelf = shelfOf(ledger, tenantSeq);
  const last = shelf.at(-1);
  if (last === undefined || entry.seq > last.lastSeq) append(ledger, connection, { tenantSeq, shelf }, entry);
  else replace(ledger, connection, shelf, entry);
}

interface TenantShelf {
  readonly tenantSeq: Seq;
  readonly shelf: Segment[];
}

function append(ledger: Ledger, connection: Connection, { tenantSeq, shelf }: TenantShelf, entry: Entry): void {
  let segment = shelf.at(-1);
  if (segment === undefined || segment.count === SEGMENT_ROWS_MAX || entry.seq - segment.firstSeq > 0xffff_ffff) {
    segment = newSegment(ledger, tenantSeq, entry);
    shelf.push(segment);
  }
  let columns = columnsOf(ledger, connection, segment);
  if (segment.count === columns.rowsMax) {
    ledger.bytes -= columns.buffer.byteLength;
    columns = grown(columns);
    segment.columns = columns;
    ledger.bytes += columns.buffer.byteLength;
  }
  setRow(columns, segment.count, segment.firstSeq, entry);
  segment.count += 1;
  segment.lastSeq = entry.seq;
  noteTimes(segment, entry);
  markDirty(ledger, segment);
}

function newSegment(ledger: Ledger, tenantSeq: Seq, { seq, createdAt, id }: Entry): Segment {
  const columns = emptyColumns();
  ledger.bytes += columns.buffer.byteLength;
  return {
    number: ledger.nextNumber++,
    tenantSeq,
    firstSeq: seq,
    lastSeq: seq,
    count: 0,
    gone: 0,
    createdMin: createdAt,
    createdMax: createdAt,
    idMin: id.time,
    idMax: id.time,
    columns,
    version: 0,
    usedAt: 0,
  };
}

function replace(ledger: Ledger, connection: Connection, shelf: Segment[], entry: Entry): void {
  const segment = segmentOf(shelf, entry.seq);
  if (segment === null) return;
  const columns = columnsOf(ledger, connection, segment);
  const row = rowOfSeq(columns, segment.count, entry.seq - segment.firstSeq);
  // It is not there when retention has deleted it and its segment was removed or compacted.
  if (row === -1 || columns.state[row] === GONE) return;
  setRow(columns, row, segment.firstSeq, entry);
  noteTimes(segment, entry);
  markDirty(ledger, segment);
}

/** Retention deleted the delivery. */
export function dropEntry(ledger: Ledger, connection: Connection, tenantSeq: Seq, seq: Seq): void {
  const shelf = shelfOf(ledger, tenantSeq);
  const segment = segmentOf(shelf, seq);
  if (segment === null) return;
  const columns = columnsOf(ledger, connection, segment);
  const row = rowOfSeq(columns, segment.count, seq - segment.firstSeq);
  if (row === -1 || columns.state[row] === GONE) return;
  columns.state[row] = GONE;
  segment.gone += 1;
  markDirty(ledger, segment);
  if (segment.gone * 2 > segment.count) tighten(ledger, shelf, segment, columns);
}

/** Remove deleted rows once they are half of a segment, and the segment once nothing else is in it. */
function tighten(ledger: Ledger, shelf: Segment[], segment: Segment, columns: Columns): void {
  const live: number[] = [];
  for (let row = 0; row < segment.count; row += 1) if (columns.state[row] !== GONE) live.push(row);
  ledger.bytes -= columns.buffer.byteLength;
  if (live.length === 0) {
    shelf.splice(shelf.indexOf(segment), 1);
    ledger.dirty.delete(segment);
    ledger.emptied.add(segment.number);
    return;
  }
  segment.columns = picked(columns, live);
  segment.count = live.length;
  segment.gone = 0;
  ledger.bytes += segment.columns.buffer.byteLength;
}

function segmentOf(shelf: readonly Segment[], seq: Seq): Segment | null {
  let low = 0;
  let high = shelf.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((shelf[middle] as Segment).lastSeq < seq) low = middle + 1;
    else high = middle;
  }
  const segment = shelf[low];
  return segment !== undefined && segment.firstSeq <= seq ? segment : null;
}

function noteTimes(segment: Segment, { createdAt, id }: Entry): void {
  segment.createdMin = Math.min(segment.createdMin, createdAt);
  segment.createdMax = Math.max(segment.createdMax, createdAt);
  segment.idMin = Math.min(segment.idMin, id.time);
  segment.idMax = Math.max(segment.idMax, id.time);
}

function markDirty(ledger: Ledger, segment: Segment): void {
  segment.version += 1;
  ledger.dirty.add(segment);
}

// ── Memory ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const COLUMNS = "SELECT columns FROM ledger_segments WHERE number = ?";

function columnsOf(ledger: Ledger, connection: Connection, segment: Segment): Columns {
  ledger.uses += 1;
  segment.usedAt = ledger.uses;
  if (segment.columns !== null) return segment.columns;
  const stored = one<{ columns: Uint8Array }>(connection, COLUMNS, segment.number);
  if (stored === undefined) throw new Error(`ledger segment ${segment.number} is not in the store`);
  const columns = unpackColumns(stored.columns, segment.count);
  segment.columns = columns;
  [segment.idMin, segment.idMax] = rangeOf(columns.idTime);
  ledger.bytes += columns.buffer.byteLength;
  return columns;
}

function rangeOf(values: Float64Array): [min: number, max: number] {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
}

/** Read a segment as one of many. If it does not fit into memory with those already there, it is not kept. */
export function withColumns(
  ledger: Ledger,
  connection: Connection,
  segment: Segment,
  look: (columns: Columns) => void,
): void {
  const wasThere = segment.columns !== null;
  look(columnsOf(ledger, connection, segment));
  if (!wasThere && ledger.bytes > ledger.bytesMax) forgetColumns(ledger, segment);
}

function forgetColumns(ledger: Ledger, segment: Segment): void {
  const buffer = segment.columns?.buffer;
  if (buffer === undefined) return;
  ledger.bytes -= buffer.byteLength;
  segment.columns = null;
  buffer.transfer(0); // frees the memory at once, while V8 collects old objects of this thread very seldom
}

/** While memory is short, drop the columns that were not used for the longest time and that are stored. */
export function trimLedger(ledger: Ledger, bytesMax: number): void {
  if (ledger.bytes <= bytesMax) return;
  const clean = [...ledger.shelves.values()]
    .flat()
    .filter((segment) => segment.columns !== null && !ledger.dirty.has(segment));
  clean.sort((a, b) => a.usedAt - b.usedAt);
  for (const segment of clean) {
    if (ledger.bytes <= bytesMax) return;
    forgetColumns(ledger, segment);
  }
}

// ── Writing down ────────────────────────────────────────────────────────────────────────────────────────────────────

/** A segment as it is stored. */
export interface PackedSegment extends Omit<Segment, "columns" | "usedAt" | "gone" | "idMin" | "idMax"> {
  readonly columns: Uint8Array;
}

export interface LedgerWrite {
  readonly segments: readonly PackedSegment[];
  readonly emptied: readonly number[];
  /** Set with the last part: everything up to there is then stored. */
  readonly progress: LedgerProgress | null;
}

/** How many segments one write has: 800 KB, a few milliseconds of one commit. */
const WRITE_SEGMENTS_MAX = 4;

/**
 * The next part of what is not stored yet. Segments may be ahead of the progress, since reading rows again changes
 * nothing.
 */
export function nextWrite(ledger: Ledger): LedgerWrite {
  // The oldest first, so that after a crash between two parts only the last segment of a tenant can lack rows.
  const dirty = [...ledger.dirty].sort((a, b) => a.number - b.number);
  const segments = dirty.slice(0, WRITE_SEGMENTS_MAX).map(packed);
  const isLast = ledger.dirty.size <= WRITE_SEGMENTS_MAX;
  return { segments, emptied: isLast ? [...ledger.emptied] : [], progress: isLast ? ledger.progress : null };
}

function packed(segment: Segment): PackedSegment {
  const { number, tenantSeq, firstSeq, lastSeq, count, createdMin, createdMax, version, columns } = segment;
  if (columns === null) throw new Error("a changed segment is in memory");
  return {
    number,
    tenantSeq,
    firstSeq,
    lastSeq,
    count,
    createdMin,
    createdMax,
    version,
    columns: packColumns(columns, count),
  };
}

export function noteWritten(
  ledger: Ledger,
  write: Pick<LedgerWrite, "emptied"> & { readonly segments: readonly Pick<PackedSegment, "number" | "version">[] },
): void {
  const versions = new Map(write.segments.map(({ number, version }) => [number, version]));
  for (const segment of [...ledger.dirty]) {
    const version = versions.get(segment.number);
    if (version === undefined) continue;
    if (segment.version === version) ledger.dirty.delete(segment);
  }
  for (const number of write.emptied) ledger.emptied.delete(number);
}
