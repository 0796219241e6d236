/** Brings the schema up to date. Several nodes may start at once: in each transaction, an advisory lock lets one of them work. */
import { readFileSync } from "node:fs";
import type pg from "pg";
import { StartupError } from "../../domain/errors.ts";
import { NewerSchema } from "./errors.ts";
import { MIGRATIONS, MIGRATIONS_DIR, SCHEMA } from "./schema.ts";
import { checkOwner, isThere } from "./startup/rights.ts";

/** The letters "signal" as a number. Every node takes the same lock. */
const LOCK = 0x7369_676e_616c;
const BEGIN = `BEGIN; SELECT pg_advisory_xact_lock(${LOCK}); SET LOCAL search_path = signalbox`;

/** The oldest version that has all that the statements use, as `server_version_num`. */
const VERSION_MIN = 140_000;

const SERVER = `
  SELECT
    current_setting('server_version_num') AS number,
    current_setting('server_version') AS name,
    current_setting('server_encoding') AS encoding,
    current_setting('transaction_read_only') AS readonly,
    current_database() AS database`;

// `CREATE SCHEMA IF NOT EXISTS` needs the right to create schemas even if there is one.
const CREATE_SCHEMA = `
  DO $$
  BEGIN
    IF to_regnamespace('signalbox') IS NULL THEN CREATE SCHEMA signalbox; END IF;
  END $$`;

/**
 * The caller ends the connection when this fails.
 *
 * @throws StartupError when PostgreSQL is too old, the user lacks a right, or the schema is newer than this version knows */
export async function migrate(client: pg.Client): Promise<void> {
  await checkServer(client);
  if (await isUpToDate(client)) return; // a node that changes nothing need not own the schema
  await checkOwner(client);
  for (const [index, name] of MIGRATIONS.entries()) {
    await client.query(BEGIN);
    await client.query(CREATE_SCHEMA);
    await client.query("CREATE TABLE IF NOT EXISTS schema_version (number integer NOT NULL)");
    if ((await readVersion(client)) <= index) {
      await client.query(readFileSync(new URL(name, MIGRATIONS_DIR), "utf8"));
      await client.query(`DELETE FROM schema_version; INSERT INTO schema_version VALUES (${index + 1})`);
    }
    await client.query("COMMIT");
  }
}

async function checkServer(client: pg.Client): Promise<void> {
  const { rows } =
    await client.query<Readonly<Record<"number" | "name" | "encoding" | "readonly" | "database", string>>>(SERVER);
  if (Number(rows[0]?.number) < VERSION_MIN) {
    throw new StartupError(
      `PostgreSQL ${rows[0]?.name} is too old; Signalbox needs PostgreSQL ${VERSION_MIN / 10_000} or later`,
    );
  }
  const { encoding, readonly, database } = rows[0] ?? {};
  if (encoding !== "UTF8") {
    throw new StartupError(
      `the database ${database} has the encoding ${encoding}: use one that was created with \`ENCODING 'UTF8' TEMPLATE template0\``,
    );
  }
  if (readonly === "on") {
    throw new StartupError(
      `the database ${database} is read-only: turn off default_transaction_read_only for it, or for this user`,
    );
  }
}

/**
 * Whether this version can work with the schema as it is: it is this version's, or a newer one that does not exclude it.
 *
 * @throws StartupError when the user may not use it, or it excludes this version
 */
export async function isUpToDate(client: pg.Client): Promise<boolean> {
  return (await isThere(client)) && (await readVersion(client)) >= SCHEMA;
}

async function readVersion(client: pg.Client): Promise<number> {
  const version = await client.query<{ number: number }>("SELECT number FROM signalbox.schema_version");
  const present = version.rows[0]?.number ?? 0;
  if (present > SCHEMA) {
    const turn = await client.query<{ oldest: number }>("SELECT oldest FROM signalbox.turn");
    if (Number(turn.rows[0]?.oldest) > SCHEMA) throw new StartupError(new NewerSchema(present).message);
  }
  return present;
}
