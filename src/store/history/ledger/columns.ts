/** The columns that the history is filtered, sorted and counted by, for a few thousand deliveries. */
import type { EpochMs, Seq } from "../../../domain/ids.ts";

/** Rows of one segment. It has 220 KB, and is written again whenever one of its rows changes. */
export const SEGMENT_ROWS_MAX = 4096;
/** The columns begin small, since most tenants have few deliveries. */
const ROWS_FIRST = 64;
const GROWTH = 4;

/** The `state` of a delivery that retention deleted. */
export const GONE = 255;
/**
 * The `state` of a delivery that has not ended, without and with an attempt in its current run. Whether it is leased or
 * held is found elsewhere, so that claiming and pausing change no row.
 */
export const PENDING = 0;
export const SCHEDULED = 1;
/** The `deliveredAt` of a delivery that was not delivered. */
export const NEVER = -1;

export interface Columns {
  readonly buffer: ArrayBuffer;
  readonly rowsMax: number;
  readonly createdAt: Float64Array;
  readonly deliveredAt: Float64Array;
  /** The first 60 bits of the id, without its version: time and rand_a. See `idKeyOf`. */
  readonly idTime: Float64Array;
  readonly idHigh: Uint32Array;
  readonly idLow: Uint32Array;
  /** Counted from the segment's first sequence. */
  readonly seq: Uint32Array;
  readonly endpoint: Uint32Array;
  readonly type: Uint32Array;
  readonly attempts: Uint32Array;
  /** Of the latest attempt; 0 when no response arrived. */
  readonly httpStatus: Uint16Array;
  readonly state: Uint8Array;
  /** Of the latest attempt; 0 without one. */
  readonly classification: Uint8Array;
  /** 0 until the delivery ends. */
  readonly reason: Uint8Array;
}

const BYTES_PER_ROW = 3 * 8 + 6 * 4 + 2 + 3;

function over(buffer: ArrayBuffer, rowsMax: number): Columns {
  let at = 0;
  const doubles = () => {
    const column = new Float64Array(buffer, at, rowsMax);
    at += 8 * rowsMax;
    return column;
  };
  const integers = () => {
    const column = new Uint32Array(buffer, at, rowsMax);
    at += 4 * rowsMax;
    return column;
  };
  const bytes = () => {
    const column = new Uint8Array(buffer, at, rowsMax);
    at += rowsMax;
    return column;
  };
  const shorts = () => {
    const column = new Uint16Array(buffer, at, rowsMax);
    at += 2 * rowsMax;
    return column;
  };
  // The widest first: each column begins at a multiple of its width.
  return {
    buffer,
    rowsMax,
    createdAt: doubles(),
    deliveredAt: doubles(),
    idTime: doubles(),
    idHigh: integers(),
    idLow: integers(),
    seq: integers(),
    endpoint: integers(),
    type: integers(),
    attempts: integers(),
    httpStatus: shorts(),
    state: bytes(),
    classification: bytes(),
    reason: bytes(),
  };
}

export function emptyColumns(rowsMax = ROWS_FIRST): Columns {
  return over(new ArrayBuffer(rowsMax * BYTES_PER_ROW), rowsMax);
}

const NAMES = [
  "createdAt",
  "deliveredAt",
  "idTime",
  "idHigh",
  "idLow",
  "seq",
  "endpoint",
  "type",
  "attempts",
  "httpStatus",
  "state",
  "classification",
  "reason",
] as const;

/** The same rows with space for more. */
export function grown(columns: Columns): Columns {
  const larger = emptyColumns(Math.min(columns.rowsMax * GROWTH, SEGMENT_ROWS_MAX));
  for (const name of NAMES) larger[name].set(columns[name]);
  return larger;
}

/** The rows with these indexes, in order. */
export function picked(columns: Columns, keep: readonly number[]): Columns {
  const result = emptyColumns(Math.max(keep.length, ROWS_FIRST));
  for (const name of NAMES) {
    for (const [to, from] of keep.entries()) result[name][to] = columns[name][from] ?? 0;
  }
  return result;
}

/** The bytes to store, without the space for more rows. */
export function packColumns(columns: Columns, count: number): Uint8Array {
  if (count === columns.rowsMax) return new Uint8Array(columns.buffer.slice(0));
  const exact = emptyColumns(count);
  for (const name of NAMES) exact[name].set(columns[name].subarray(0, count));
  return new Uint8Array(exact.buffer);
}

export function unpackColumns(stored: Uint8Array, count: number): Columns {
  if (stored.byteLength !== count * BYTES_PER_ROW)
    throw new RangeError(`a ledger segment of ${count} rows has ${stored.byteLength} bytes`);
  const buffer = new ArrayBuffer(stored.byteLength);
  new Uint8Array(buffer).set(stored);
  return over(buffer, count);
}

/** Counting from this time keeps `idTime` below 2^53 for 69 years. */
const ID_EPOCH: EpochMs = Date.UTC(2020);

export interface IdKey {
  readonly time: number;
  readonly high: number;
  readonly low: number;
}

/** The lowest `idTime` of this millisecond. */
export function idTimeOf(ms: EpochMs): number {
  return (ms - ID_EPOCH) * 0x1000;
}

/** A UUIDv7 as three numbers that compare like it: 48 bits of time and 12 of rand_a, then 32 and 32 bits. */
export function idKeyOf(id: Uint8Array): IdKey {
  const bytes = new DataView(id.buffer, id.byteOffset, id.byteLength);
  const ms = bytes.getUint32(0) * 0x10000 + bytes.getUint16(4);
  return {
    time: idTimeOf(ms) + (bytes.getUint16(6) & 0xfff),
    high: bytes.getUint32(8),
    low: bytes.getUint32(12),
  };
}

export function compareIds(a: IdKey, b: IdKey): number {
  return a.time - b.time || a.high - b.high || a.low - b.low;
}

/** One delivery's row. */
export interface Entry {
  readonly seq: Seq;
  readonly createdAt: EpochMs;
  /** Null when it is not delivered. */
  readonly deliveredAt: EpochMs | null;
  readonly id: IdKey;
  readonly endpointSeq: Seq;
  readonly typeSeq: Seq;
  readonly attempts: number;
  readonly httpStatus: number;
  /** `PENDING`, `SCHEDULED`, or the stored number of its final state. */
  readonly state: number;
  readonly classification: number;
  readonly reason: number;
}

export function setRow(columns: Columns, row: number, firstSeq: Seq, entry: Entry): void {
  columns.createdAt[row] = entry.createdAt;
  columns.deliveredAt[row] = entry.deliveredAt ?? NEVER;
  columns.idTime[row] = entry.id.time;
  columns.idHigh[row] = entry.id.high;
  columns.idLow[row] = entry.id.low;
  columns.seq[row] = entry.seq - firstSeq;
  columns.endpoint[row] = entry.endpointSeq;
  columns.type[row] = entry.typeSeq;
  columns.attempts[row] = entry.attempts;
  columns.httpStatus[row] = entry.httpStatus;
  columns.state[row] = entry.state;
  columns.classification[row] = entry.classification;
  columns.reason[row] = entry.reason;
}

/** The index of the row of this sequence; -1 when there is none. */
export function rowOfSeq(columns: Columns, count: number, fromFirst: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((columns.seq[middle] as number) < fromFirst) low = middle + 1;
    else high = middle;
  }
  return low < count && columns.seq[low] === fromFirst ? low : -1;
}
