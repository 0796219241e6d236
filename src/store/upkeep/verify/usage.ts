/** Verifies what tenants are said to store, and how many pauses they are said to have open, against the rows. */
import type { Seq } from "../../../domain/ids.ts";
import { STORED_BYTES_PER_ROW } from "../../../domain/limits.ts";
import type { Connection } from "../../connection.ts";
import { PAUSE_CONTENT_BYTES } from "../../pauses/pauses.ts";
import { all } from "../../read-connection.ts";
import { stepsOf, type Verification } from "./steps.ts";

/** For each table, what its rows count towards their tenants. */
const COUNTED = [
  {
    table: "events",
    bytes: `octet_length(payload) + ${STORED_BYTES_PER_ROW} * (1 + delivery_count)`,
    open: "0",
    where: "true",
  },
  {
    table: "pauses",
    bytes: `${PAUSE_CONTENT_BYTES} + ${STORED_BYTES_PER_ROW}`,
    open: "CASE WHEN status = 0 THEN 1 ELSE 0 END",
    where: "true",
  },
  {
    table: "inbound",
    bytes: `octet_length(body) + ${STORED_BYTES_PER_ROW}`,
    open: "0",
    where: "valid = 1 AND tenant_seq IS NOT NULL",
  },
] as const;

interface Sum {
  bytes: number;
  open: number;
}

export function verifyUsage(connection: Connection): readonly Verification[] {
  const sums = new Map<Seq, Sum>();
  for (const { table, bytes, open, where } of COUNTED) {
    const sql = `
      SELECT tenant_seq, sum(${bytes}) AS bytes, sum(${open}) AS open
      FROM ${table}
      WHERE seq >= ? AND seq <= ? AND ${where}
      GROUP BY tenant_seq`;
    for (const step of stepsOf(connection, table, "seq")) {
      for (const row of all<{ tenant_seq: Seq } & Sum>(connection, sql, step.first, step.last)) {
        const sum = sums.get(row.tenant_seq) ?? { bytes: 0, open: 0 };
        sums.set(row.tenant_seq, { bytes: sum.bytes + row.bytes, open: sum.open + row.open });
      }
    }
  }
  return compare(connection, sums);
}

function compare(connection: Connection, sums: ReadonlyMap<Seq, Sum>): readonly Verification[] {
  const tenants = all<{ seq: Seq; stored_bytes: number; open_pauses: number }>(
    connection,
    "SELECT seq, stored_bytes, open_pauses FROM tenants ORDER BY seq",
  );
  const verification = (rule: string, wrong: readonly { readonly seq: Seq }[]): Verification => {
    return { rule, rows: tenants.length, wrong: wrong.length, first: wrong[0]?.seq ?? null };
  };
  return [
    verification(
      "a tenant stores as many bytes as its rows have",
      tenants.filter(({ seq, stored_bytes }) => stored_bytes !== (sums.get(seq)?.bytes ?? 0)),
    ),
    verification(
      "a tenant has as many open pauses as it counts",
      tenants.filter(({ seq, open_pauses }) => open_pauses !== (sums.get(seq)?.open ?? 0)),
    ),
  ];
}
