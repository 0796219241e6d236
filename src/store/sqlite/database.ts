/** The file as the writer thread has it open: with its ballast and its checkpoints. */
import type { Clock } from "../../ports/clock.ts";
import { checkMasterKey } from "../access/key-check.ts";
import type { WritableDatabase } from "../connection.ts";
import type { SqliteDatabase } from "../threads/messages.ts";
import type { Vault } from "../vault.ts";
import { Checkpoints } from "./checkpoints.ts";
import { migrate, openConnection, WRITER_PAGE_CACHE_KB } from "./connection.ts";
import { DiskSpace } from "./files/disk-space.ts";
import { openFault } from "./files/files.ts";
import { refuseMoved } from "./moved.ts";

/** @throws StartupError when another master key or a newer version wrote the file */
export function openForWrites(
  { file, ballastFile, pagesMax }: SqliteDatabase,
  vault: Vault,
  clock: Pick<Clock, "monotonicMs">,
): WritableDatabase {
  try {
    const connection = openConnection(file, "write", WRITER_PAGE_CACHE_KB);
    if (pagesMax !== null) connection.db.exec(`PRAGMA max_page_count = ${pagesMax}`);
    migrate(connection);
    refuseMoved(connection);
    checkMasterKey(connection, vault);
    const space = new DiskSpace(connection, ballastFile, clock);
    const checkpoints = new Checkpoints(connection, file);
    return {
      connection,
      hasSpace: () => space.isThere(),
      ranOut: () => space.ranOut(),
      afterGroup: () => checkpoints.afterGroup(),
      async close() {
        await checkpoints.close();
        connection.close();
      },
    };
  } catch (error) {
    throw openFault(file, error);
  }
}
