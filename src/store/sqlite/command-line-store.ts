/**
 * The store that the command line opens, in its own process, while a server may run. It does not take the directory's
 * lock.
 *
 * It has only the verbs on tenants, users and keys. The server's writer thread caches some facts between commits, and
 * no other process may change them: the next sequences of events, deliveries and attempts, event types and URLs, the
 * held bytes, and which idempotency tables exist. These verbs change none of them; SQLite numbers their rows and those
 * of the audit. Each verb records what it changed, so that a running server drops what it has cached of it
 * (`changesSince`).
 */
import { StartupError } from "../../domain/errors.ts";
import type { Uuid } from "../../domain/ids.ts";
import type { AccessStore } from "../../ports/store.ts";
import { checkMasterKey } from "../access/key-check.ts";
import { accessOver } from "../command-line-store.ts";
import { createVault } from "../vault.ts";
import { createWriting } from "../writing.ts";
import { isBehind, isEmpty, migrate, openConnection, type SqliteConnection } from "./connection.ts";
import { type DataFiles, existingData, masterKey, openFault, tryLockDir } from "./files/files.ts";
import { refuseMoved } from "./moved.ts";

export interface CommandLineStoreOptions {
  readonly dataDir: string;
  /** 32 bytes. Null reads the directory's own key file. */
  readonly masterKey: Uint8Array | null;
  readonly newId: () => Uuid;
}

/** @throws StartupError when there is no data, or another version or another master key wrote it */
export function openCommandLineStore({ dataDir, masterKey: given, newId }: CommandLineStoreOptions): AccessStore {
  const files = existingData(dataDir);
  const vault = createVault(masterKey(files, given));
  let connection: SqliteConnection | null = null;
  try {
    connection = openConnection(files.database, "write");
    bringUpToDate(connection, files, dataDir);
    refuseMoved(connection);
    checkMasterKey(connection, vault);
    const writing = createWriting(connection, vault, newId);
    return accessOver(
      async () => writing,
      async () => writing.close(),
    );
  } catch (error) {
    connection?.close();
    throw openFault(files.database, error);
  }
}

/** Only without a running server: one of an older version would go on writing into tables that it no longer knows. */
function bringUpToDate(connection: SqliteConnection, files: DataFiles, dir: string): void {
  if (!isBehind(connection)) {
    migrate(connection); // changes nothing, and refuses data of a newer version
    return;
  }
  const lock = tryLockDir(files);
  if (lock === null) {
    throw new StartupError(
      isEmpty(connection)
        ? `a server is making the data in ${dir} at this moment; try again`
        : `an older Signalbox is running on the data directory ${dir}: restart it with this version, or use its own ` +
            "command line; if a server of this version starts at this moment, try again",
      "conflict",
    );
  }
  try {
    migrate(connection);
  } finally {
    lock.release();
  }
}
