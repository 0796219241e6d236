/** Copies of a published history, made with SQL: a million deliveries take two minutes, and ten million half an hour. */
import { queryDatabase } from "./database.ts";

/** How many deliveries are published. The others are copies. */
export const PUBLISHED_MAX = 50_000;

const MEASURE = `
  SELECT
    (SELECT max(seq) FROM signalbox.events)::int8 AS events,
    (SELECT max(seq) FROM signalbox.deliveries)::int8 AS deliveries,
    (SELECT max(seq) FROM signalbox.attempts)::int8 AS attempts`;
type Measured = Readonly<Record<"events" | "deliveries" | "attempts", string>>;

interface Span {
  readonly total: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly events: { readonly some: string };
}

/** Times in these columns move with the copy, and so do those in the ids. */
const TIMES = ["accepted_at", "created_at", "due_at", "run_started_at", "last_attempt_at", "ended_at", "started_at"];

/**
 * Repeat the history of a stopped server, one copy after the other, up to now. Deliveries of the rare endpoint are only
 * in the oldest.
 */
export async function multiply<Made extends Span>(dataDir: string, made: Made, times: number): Promise<Made> {
  const [ends] = await queryDatabase<Measured>(dataDir, MEASURE);
  const spanMs = made.endMs - made.startMs;
  const agoMs = spanMs * (times - 1);
  const columns = await columnsOf(dataDir);
  const copies = Object.entries(columns).map(([table, names]) => copyOf(table, names, { ends, spanMs }));
  for (const [table, names] of Object.entries(columns)) {
    const moved = names.filter((name) => TIMES.includes(name)).map((name) => `${name} = ${name} - ${agoMs}`);
    const id = `id = ${movedTime(`- ${agoMs}`)} || substring(id FROM 7)`;
    await queryDatabase(dataDir, `UPDATE signalbox.${table} SET ${[...moved, id].join(", ")}`);
  }
  for (let copy = 1; copy < times; copy += 1) {
    for (const sql of copies) await queryDatabase(dataDir, sql.replaceAll("COPY", String(copy)));
  }
  // The history in columns is that of the published part, and is made again from the rows.
  await queryDatabase(
    dataDir,
    "TRUNCATE signalbox.ledger_segments, signalbox.ledger_changes; DELETE FROM signalbox.meta WHERE name = 'ledger'",
  );
  for (const table of Object.keys(columns)) await queryDatabase(dataDir, `VACUUM ANALYZE signalbox.${table}`);
  const events = { some: movedId(made.events.some, -agoMs) };
  return { ...made, total: made.total * times, startMs: made.startMs - agoMs, events };
}

/** The first 48 bits of the ids of a table, which are their time in milliseconds. */
function movedTime(by: string): string {
  return `substring(int8send(('x' || encode(substring(id FOR 6), 'hex'))::bit(48)::int8 ${by}) FROM 3)`;
}

function movedId(id: string, byMs: number): string {
  return id.replace(/(?<=_)([0-9a-f]{8})-([0-9a-f]{4})/, (_, high: string, low: string) => {
    const time = (Number.parseInt(high + low, 16) + byMs).toString(16).padStart(12, "0");
    return `${time.slice(0, 8)}-${time.slice(8)}`;
  });
}

async function columnsOf(dataDir: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const rows = await queryDatabase<{ table: string; names: readonly string[] }>(
    dataDir,
    `SELECT table_name AS table, array_agg(column_name::text ORDER BY ordinal_position) AS names
     FROM information_schema.columns
     WHERE table_schema = 'signalbox' AND table_name IN ('events', 'deliveries', 'attempts')
     GROUP BY 1`,
  );
  return Object.fromEntries(rows.map(({ table, names }) => [table, names]));
}

interface Copying {
  readonly ends: Measured | undefined;
  readonly spanMs: number;
}

const OF_RARE = `
  type_seq IN (SELECT seq FROM signalbox.event_types WHERE name LIKE 'rare.%')`;

function copyOf(table: string, names: readonly string[], { ends, spanMs }: Copying): string {
  const last = ends?.[table as keyof Measured];
  const valueFor: Readonly<Record<string, string>> = {
    seq: `seq + COPY * ${last}`,
    // The version and the variant stay. The rest is the number.
    id: `${movedTime(`+ COPY * ${spanMs}`)} || substring(id FROM 7 FOR 4) || substring(int8send(seq + COPY * ${last}) FROM 3)`,
    event_seq: `event_seq + COPY * ${ends?.events}`,
    first_delivery_seq: `first_delivery_seq + COPY * ${ends?.deliveries}`,
    delivery_seq: `delivery_seq + COPY * ${ends?.deliveries}`,
    previous_seq: `previous_seq + COPY * ${ends?.attempts}`,
    last_attempt_seq: `last_attempt_seq + COPY * ${ends?.attempts}`,
    ...Object.fromEntries(TIMES.map((name) => [name, `${name} + COPY * ${spanMs}`])),
  };
  const isRare =
    table === "attempts" ? `delivery_seq IN (SELECT seq FROM signalbox.deliveries WHERE ${OF_RARE})` : OF_RARE;
  return `
    INSERT INTO signalbox.${table} (${names.join(", ")})
    SELECT ${names.map((name) => valueFor[name] ?? name).join(", ")}
    FROM signalbox.${table}
    WHERE seq <= ${last} AND NOT (${isRare})
    ORDER BY seq`;
}
