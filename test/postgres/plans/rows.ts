/** Fills every table with rows: one tenant owns most of them, and most deliveries have ended. */
import type pg from "pg";

const ROWS = 4000;
/** A table with fewer rows in every store. */
const FEW: Readonly<Record<string, number>> = { tenants: 200, sources: 200, nodes: 20 };
/** Tables whose rows are those of the migrations. */
const KEPT = ["meta", "turn", "schema_version"];
/** The tables that others refer to. */
const FIRST = ["tenants", "users"];

const COLUMNS = `
  SELECT c.relname AS table, a.attname AS name, format_type(a.atttypid, NULL) AS type, a.attnotnull AS required
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
  WHERE c.relnamespace = 'signalbox'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY array_position($1::text[], c.relname::text), c.relname, a.attnum`;

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
}

/** Values by column, or by table and column. `i` is the number of the row. */
const VALUES: Readonly<Record<string, string>> = {
  tenant_seq: "CASE WHEN i % 50 = 0 THEN 1 + i % 200 ELSE 1 END",
  endpoint_seq: "1 + i % 40",
  type_seq: "1 + i % 30",
  source_seq: "1 + i % 4",
  user_seq: "1 + i % 400",
  state: "CASE i % 100 WHEN 1 THEN 4 WHEN 2 THEN 0 WHEN 3 THEN 2 ELSE 3 END",
  lease: "CASE WHEN i % 100 = 3 THEN 4294967296 + i END",
  later: "CASE WHEN i % 100 = 4 THEN 1 ELSE 0 END",
  delivery_count: "CASE WHEN i % 20 = 0 THEN 0 ELSE 1 END",
  previous_seq: "NULL",
  status: "CASE WHEN i % 20 = 0 THEN 0 ELSE 1 END",
  kind: "i % 2",
  valid: "i % 2",
  hour: "i / 40",
  notification_due_at: "CASE WHEN i % 100 = 0 THEN i END",
  notification_node: "CASE WHEN i % 100 = 1 THEN 1 END",
  finished_at: "CASE WHEN i % 100 > 0 THEN i END",
  deleted_at: "CASE WHEN i % 10 = 0 THEN i END",
  revoked_at: "CASE WHEN i % 10 = 0 THEN i END",
  ended_at: "CASE WHEN i % 10 > 0 THEN i END",
  owner: "CASE WHEN i % 10 = 0 THEN 1 END",
  ready_at: "CASE WHEN i % 10 = 1 THEN i END",
  rejection: "'r' || i % 5",
  event_type: "'t' || i % 30",
  subject_id: "decode(md5((i % 400)::text), 'hex')",
  actor_id: "decode(md5((i % 40)::text), 'hex')",
  "endpoints.status": "'ACTIVE'",
  "endpoint_history.status": "'ACTIVE'",
  "lanes.endpoint_seq": "i",
  "listeners.endpoint_seq": "i",
  "nodes.gone_at": "CASE WHEN i % 10 > 0 THEN i END",
};

function valueFor({ table, name, type, required }: Column): string {
  const given = VALUES[`${table}.${name}`] ?? VALUES[name];
  if (given !== undefined) return `(${given})::${type}`;
  if (type === "bytea") return `decode(md5('${name}' || i), 'hex')`;
  if (type === "bigint" || type === "integer") return "i";
  if (type === "smallint") return "i % 2";
  return required ? `'${name}' || i` : "NULL";
}

export async function fillTables(client: pg.Client): Promise<void> {
  const { rows } = await client.query<Column>(COLUMNS, [FIRST]);
  for (const [table, columns] of Map.groupBy(rows, (column) => column.table)) {
    if (KEPT.includes(table)) continue;
    await client.query(`
      INSERT INTO ${table} (${columns.map(({ name }) => name).join(", ")}) OVERRIDING SYSTEM VALUE
      SELECT ${columns.map(valueFor).join(", ")}
      FROM generate_series(1, ${FEW[table] ?? ROWS}) AS i`);
  }
}

/** Most stores have few endpoints and types, and so the planner is free to find their rows in several ways. */
export async function keepFew(client: pg.Client): Promise<void> {
  for (const table of ["endpoints", "event_types", "jobs", "keys", "sessions", "urls"]) {
    await client.query(`DELETE FROM ${table} WHERE seq > 40 AND seq < ${ROWS}`);
  }
  for (const table of ["endpoint_filters", "endpoint_history", "lanes", "listeners"]) {
    await client.query(`DELETE FROM ${table} WHERE endpoint_seq > 40`);
  }
}
