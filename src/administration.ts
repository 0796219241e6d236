/** What `signalbox admin` does with a whole store, as the settings name it. */
import path from "node:path";
import type { Stores } from "./cli/command.ts";
import { parseDatabaseUrl } from "./config/database-url.ts";
import type { Config } from "./config.ts";
import type { DatabaseAddress } from "./domain/database-address.ts";
import { StartupError } from "./domain/errors.ts";
import type { Clock } from "./ports/clock.ts";
import { masterKeyOf } from "./signalbox.ts";
import { moveStore } from "./store/moving/move-store.ts";
import { backUp } from "./store/sqlite/files/backup.ts";
import { dataFiles } from "./store/sqlite/files/files.ts";
import { restore } from "./store/sqlite/files/restore.ts";
import { verifyPostgres, verifySqlite } from "./store/upkeep/verify/verify-store.ts";

const NO_BACKUP =
  "with DATABASE_URL the data is in PostgreSQL: back it up with its own tools, such as pg_dump or pg_basebackup, and keep a copy of SIGNALBOX_MASTER_KEY";
const NO_RESTORE =
  "with DATABASE_URL the data is in PostgreSQL: stop all nodes, and restore it with its own tools, such as pg_restore";

/** @param loadConfig reads the settings when a command needs them */
export function createStores(loadConfig: () => Config, clock: Pick<Clock, "now" | "uuid">): Stores {
  return {
    backUp(file, overwrites) {
      const config = loadConfig();
      if (config.database !== null) throw new StartupError(NO_BACKUP);
      const backup = backUp({ dataDir: config.dataDir, file, overwrites });
      return { ...backup, masterKey: keyFileOf(config) ?? "SIGNALBOX_MASTER_KEY" };
    },
    restore(file, overwrites) {
      const config = loadConfig();
      if (config.database !== null) throw new StartupError(NO_RESTORE);
      return restore({ dataDir: config.dataDir, masterKey: masterKeyOf(config), file, overwrites });
    },
    async verify() {
      const { database, dataDir } = loadConfig();
      return database === null ? verifySqlite(dataDir) : verifyPostgres(database);
    },
    // The data directory is the source, even if DATABASE_URL is set already.
    async moveTo(url) {
      const to = addressOf(url);
      const config = loadConfig();
      const moved = await moveStore({
        dataDir: config.dataDir,
        masterKey: masterKeyOf(config),
        newId: () => clock.uuid(),
        now: clock.now(),
        to,
      });
      return { ...moved, startCommand: startCommand(url, keyFileOf(config)) };
    },
  };
}

/** Null: the key is in SIGNALBOX_MASTER_KEY. */
function keyFileOf({ masterKey, dataDir }: Config): string | null {
  return masterKey === null ? dataFiles(path.resolve(dataDir)).masterKey : null;
}

/** @throws StartupError without the URL, which has a password */
function addressOf(url: string): DatabaseAddress {
  const parsed = parseDatabaseUrl(url);
  if ("fault" in parsed) throw new StartupError(`--to ${parsed.fault}`, "usage");
  return parsed.value;
}

/** Without the password of the URL. */
function startCommand(url: string, keyFile: string | null): string {
  const shown = url.replace(/^(postgres(?:ql)?:\/\/[^:@/?#]*):[^@/?#]*@/, "$1:PASSWORD@");
  // Nodes have no data directory, so the key is a setting.
  const key = keyFile === null ? "$SIGNALBOX_MASTER_KEY" : `$(cat ${quoted(keyFile)})`;
  return `DATABASE_URL=${quoted(shown)} SIGNALBOX_MASTER_KEY="${key}" npm start`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
