/**
 * Arrays as parameters, in PostgreSQL's binary format: a header, then each value with its length before it. The `pg`
 * package writes arrays as text, which takes several times as long for both sides.
 */
import type { SqlValue } from "../connection.ts";

export type ElementType = "int8" | "float8" | "text" | "bytea";

/** The object identifiers of the element types, which are the same in every database. */
const OIDS: Readonly<Record<ElementType, number>> = { bytea: 17, int8: 20, text: 25, float8: 701 };
/** Dimensions, whether there are nulls, the type, the length and the lower bound of the dimension. */
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const NUMBER_BYTES = 8;
const NULL_LENGTH = -1;

export function encodeArray(type: ElementType, values: readonly SqlValue[]): Buffer {
  const sizes = values.map((value) => sizeOf(type, value));
  const total = sizes.reduce((sum, size) => sum + LENGTH_BYTES + Math.max(size, 0), HEADER_BYTES);
  const buffer = Buffer.allocUnsafe(total);
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(1, 4);
  buffer.writeInt32BE(OIDS[type], 8);
  buffer.writeInt32BE(values.length, 12);
  buffer.writeInt32BE(1, 16);
  let at = HEADER_BYTES;
  for (const [index, value] of values.entries()) {
    const size = sizes[index] ?? NULL_LENGTH;
    buffer.writeInt32BE(size, at);
    at += LENGTH_BYTES;
    if (size === NULL_LENGTH) continue;
    write(buffer, at, type, value);
    at += size;
  }
  return buffer;
}

function sizeOf(type: ElementType, value: SqlValue): number {
  if (value === null) return NULL_LENGTH;
  if (type === "text") return Buffer.byteLength(String(value));
  return type === "bytea" ? (value as Uint8Array).byteLength : NUMBER_BYTES;
}

function write(buffer: Buffer, at: number, type: ElementType, value: SqlValue): void {
  if (type === "text") buffer.write(String(value), at);
  else if (type === "bytea") buffer.set(value as Uint8Array, at);
  else if (type === "float8") buffer.writeDoubleBE(Number(value), at);
  else buffer.writeBigInt64BE(BigInt(value as number | bigint), at);
}
