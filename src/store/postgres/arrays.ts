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
  const view = new DataView(buffer.buffer, buffer.byteOffset, total);
  view.setInt32(0, 1);
  view.setInt32(4, 1);
  view.setInt32(8, OIDS[type]);
  view.setInt32(12, values.length);
  view.setInt32(16, 1);
  let at = HEADER_BYTES;
  for (const [index, value] of values.entries()) {
    const size = sizes[index] ?? NULL_LENGTH;
    view.setInt32(at, size);
    at += LENGTH_BYTES;
    if (size === NULL_LENGTH) continue;
    if (type === "text") buffer.write(String(value), at);
    else if (type === "bytea") buffer.set(value as Uint8Array, at);
    else if (type === "float8") view.setFloat64(at, Number(value));
    else setInteger(view, at, Number(value));
    at += size;
  }
  return buffer;
}

function sizeOf(type: ElementType, value: SqlValue): number {
  if (value === null) return NULL_LENGTH;
  if (type === "text") return Buffer.byteLength(String(value));
  return type === "bytea" ? (value as Uint8Array).byteLength : NUMBER_BYTES;
}

/** As two halves, each modulo 2^32. A `BigInt` takes five times as long. */
function setInteger(view: DataView, at: number, value: number): void {
  view.setInt32(at, Math.floor(value / 2 ** 32));
  view.setInt32(at + 4, value);
}
