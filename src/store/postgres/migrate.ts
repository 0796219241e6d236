/** Brings the schema up to date. Several nodes may start at once: an advisory lock lets one of them work. */
import { readdirSync, readFileSync } from "node:fs";
import type pg from "pg";
import { StartupError } from "../../domain/errors.ts";

const MIGRATIONS_DIR = new URL("./migrations/", import.meta.url);
/** The letters "signal" as a number. Every node takes the same lock. */
const LOCK = 0x7369_676e_616c;

/** @throws StartupError when the schema is newer than this version knows */
export async function migrate(client: pg.Client): Promise<void> {
  await client.query("SELECT pg_advisory_lock($1)", [LOCK]);
  try {
    await client.query("CREATE SCHEMA IF NOT EXISTS signalbox");
    await client.query("SET search_path = signalbox");
    await client.query("CREATE TABLE IF NOT EXISTS schema_version (number integer NOT NULL)");
    const { rows } = await client.query<{ number: number }>("SELECT number FROM schema_version");
    const present = rows[0]?.number ?? 0;
    const migrations = readdirSync(MIGRATIONS_DIR)
      .filter((name) => name.endsWith(".sql"))
      .sort();
    if (present > migrations.length) {
      throw new StartupError(
        `the data was written by a newer Signalbox (schema ${present}, this one knows ${migrations.length}); install that version or a later one`,
      );
    }
    for (const [index, name] of migrations.entries()) {
      if (index < present) continue;
      const sql = readFileSync(new URL(name, MIGRATIONS_DIR), "utf8");
      await client.query(
        `BEGIN; ${sql}; DELETE FROM schema_version; INSERT INTO schema_version VALUES (${index + 1}); COMMIT`,
      );
    }
  } finally {
    await client.query("SELECT pg_advisory_unlock($1)", [LOCK]);
  }
}
