/** The schema of this version: its migrations, in order, and its number. */
import { readdirSync } from "node:fs";

export const MIGRATIONS_DIR = new URL("./migrations/", import.meta.url);

export const MIGRATIONS: readonly string[] = readdirSync(MIGRATIONS_DIR)
  .filter((name) => name.endsWith(".sql"))
  .sort();

/**
 * Nodes with a lower number may share a schema of this number, and the other way round, unless a migration excludes the
 * older ones: it sets `turn.oldest` to the lowest number that may go on.
 */
export const SCHEMA = MIGRATIONS.length;
