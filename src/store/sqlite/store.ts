/** The embedded store: SQLite in one file. */
import { statSync } from "node:fs";
import type { Store } from "../../ports/store.ts";
import { openStore, type ThreadsOptions } from "../store.ts";
import { dataFiles, lockDir, masterKey, prepareDir } from "./files/files.ts";

export interface SqliteOptions {
  readonly dataDir: string;
  /** 32 bytes. Null reads the directory's own key file. */
  readonly masterKey: Uint8Array | null;
  /** Called when a thread of the store ended by itself. The process then has to end. */
  readonly onDeath: (error: Error) => void;
  /** See `SqliteDatabase`. */
  readonly pagesMax?: number;
  readonly historyCacheBytes?: number;
  readonly startRunner?: ThreadsOptions["startRunner"];
}

/** @throws StartupError when the directory is locked or not writable, or has another master key or a newer schema */
export async function openSqliteStore({ dataDir, onDeath, ...options }: SqliteOptions): Promise<Store> {
  prepareDir(dataDir);
  const files = dataFiles(dataDir);
  const lock = lockDir(files, dataDir);
  try {
    const key = masterKey(files, options.masterKey);
    const database = {
      kind: "sqlite",
      file: files.database,
      ballastFile: files.ballast,
      pagesMax: options.pagesMax ?? null,
    } as const;
    return await openStore({
      data: () => ({ workerData: { masterKey: key, database } }),
      onDeath,
      ...(options.historyCacheBytes && { historyCacheBytes: options.historyCacheBytes }),
      ...(options.startRunner && { startRunner: options.startRunner }),
      measure: async () => ({ fileBytes: sizeOf(files.database), walBytes: sizeOf(`${files.database}-wal`) }),
      close: () => lock.release(),
    });
  } catch (error) {
    lock.release();
    throw error;
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
