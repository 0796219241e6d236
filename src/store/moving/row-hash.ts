/**
 * A hash over all rows of a table, in any order: the sum of a hash of each row. Both stores compute it by themselves, so a
 * value that changed on its way shows.
 */
import { hash } from "node:crypto";
import type { SqlValue } from "../connection.ts";

/** Between two columns, and in place of NULL: control characters that hardly any text contains. */
const BETWEEN = 31;
const NULL = 30;
/** What of each row's SHA-256 is added up. */
const HASH_BYTES = 6;

export interface TableHash {
  readonly rows: number;
  /** A decimal number. */
  readonly hash: string;
}

export class RowHasher {
  #rows = 0;
  #sum = 0n;

  add(values: readonly SqlValue[]): void {
    const text = values.map(textOf).join(String.fromCharCode(BETWEEN));
    this.#rows += 1;
    this.#sum += BigInt(hash("sha256", text, "buffer").readUIntBE(0, HASH_BYTES));
  }

  get result(): TableHash {
    return { rows: this.#rows, hash: String(this.#sum) };
  }
}

function textOf(value: SqlValue): string {
  if (value === null) return String.fromCharCode(NULL);
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value);
}

/** The query with which PostgreSQL computes the same: one row with `rows` and `hash`. */
export function hashQuery(table: string, columns: readonly { readonly name: string; readonly type: string }[]): string {
  const texts = columns.map(({ name, type }) => {
    const text = type === "bytea" ? `encode("${name}", 'hex')` : `"${name}"::text`;
    return `coalesce(${text}, chr(${NULL}))`;
  });
  const row = `convert_to(concat_ws(chr(${BETWEEN}), ${texts.join(", ")}), 'UTF8')`;
  const digits = `left(encode(sha256(${row}), 'hex'), ${2 * HASH_BYTES})`;
  return `
    SELECT count(*) AS rows, coalesce(sum(('x' || ${digits})::bit(${8 * HASH_BYTES})::bigint), 0)::text AS hash
    FROM ${table}`;
}
