/** Opens the database in a thread of the store. */
import type { Clock } from "../../ports/clock.ts";
import type { Connection, WritableDatabase } from "../connection.ts";
import { openPostgres, openForWrites as openPostgresForWrites } from "../postgres/database.ts";
import { openConnection } from "../sqlite/connection.ts";
import { openForWrites as openSqliteForWrites } from "../sqlite/database.ts";
import { createVault } from "../vault.ts";
import type { ThreadData } from "./messages.ts";

/** @throws StartupError when another master key or a newer version wrote the data */
export function openForWrites(
  { database, masterKey }: ThreadData,
  clock: Pick<Clock, "monotonicMs">,
): WritableDatabase {
  const vault = createVault(masterKey);
  if (database.kind === "postgres") return openPostgresForWrites(database.link, vault);
  return openSqliteForWrites(database, vault, clock);
}

/** @param pageCacheKb SQLite's page cache; left out: as large as that of the writer */
export function openForReads({ database }: ThreadData, pageCacheKb?: number): Connection {
  if (database.kind === "postgres") return openPostgres(database.link);
  return openConnection(database.file, "read", pageCacheKb);
}
