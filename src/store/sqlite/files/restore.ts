/**
 * Replaces the data with a backup. The copy is checked next to it, and gets its name last: until then, the data is
 * what it was.
 */
import { chmodSync, copyFileSync, existsSync, renameSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { StartupError } from "../../../domain/errors.ts";
import { createVault, sameCheckValue } from "../../vault.ts";
import { newestSchema } from "../connection.ts";
import { checkCopy, flush, isOwn, openReadOnly } from "./backup.ts";
import { type DataFiles, dataFiles, linkTarget, lockDir, masterKey, openFault, prepareDir, reasonOf } from "./files.ts";

export interface RestoreOptions {
  readonly dataDir: string;
  /** A file that `backUp` wrote. */
  readonly file: string;
  /** 32 bytes. Null reads the directory's own key file. */
  readonly masterKey: Uint8Array | null;
  /** Replace data that is there. */
  readonly overwrites: boolean;
}

export interface Restored {
  /** The restored file, as an absolute path. */
  readonly file: string;
  readonly bytes: number;
  /** The version of its schema, which the next start brings up to date. */
  readonly schema: number;
}

/** @throws StartupError when a server runs, there is data, or the file is no backup of this master key */
export function restore({ dataDir, file, masterKey: given, overwrites }: RestoreOptions): Restored {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new StartupError(`there is no file ${file}`, "missing");
  }
  prepareDir(dataDir);
  const files = dataFiles(dataDir);
  if (isOwn(linkTarget(path.resolve(file)), files)) {
    throw new StartupError(`${file}: this is a file of the data itself`, "conflict");
  }
  const lock = lockDir(files, dataDir);
  const database = linkTarget(path.resolve(files.database));
  const unfinished = `${database}.unfinished`;
  try {
    if (statSync(database, { throwIfNoEntry: false })?.isFile() === false) {
      throw new StartupError(`${files.database} is no regular file`, "conflict");
    }
    if (existsSync(files.database) && !overwrites) {
      throw new StartupError(`there is data in ${dataDir} (SIGNALBOX_DATA_DIR); replace it with --force`, "conflict");
    }
    const key = presentKey(files, given);
    copy(file, unfinished);
    const schema = checkCopy(unfinished, `${file} is damaged`);
    checkData(unfinished, file, schema);
    checkKey(unfinished, file, key);
    const { size: bytes } = statSync(unfinished);
    putInPlace(unfinished, database);
    return { file: path.resolve(files.database), bytes, schema };
  } catch (error) {
    throw openFault(file, error);
  } finally {
    for (const left of [unfinished, `${unfinished}-journal`]) rmSync(left, { force: true });
    lock.release();
  }
}

/** Without data, a start would make a new key, which opens no backup. */
function presentKey(files: DataFiles, given: Uint8Array | null): Uint8Array {
  if (given !== null || existsSync(files.masterKey)) return masterKey(files, given);
  throw new StartupError(
    `the backup needs its master key: put your copy into ${files.masterKey}, or set SIGNALBOX_MASTER_KEY`,
  );
}

function copy(file: string, unfinished: string): void {
  try {
    copyFileSync(file, unfinished);
    chmodSync(unfinished, 0o600);
    flush(unfinished);
  } catch (error) {
    throw new StartupError(`${file} cannot be copied to ${path.dirname(unfinished)}: ${reasonOf(error)}`);
  }
}

function checkData(unfinished: string, file: string, schema: number): void {
  const newest = newestSchema();
  if (schema > newest) {
    throw new StartupError(
      `${file} was written by a newer Signalbox (schema ${schema}, this one knows ${newest}); install that version or a later one`,
    );
  }
  const db = openReadOnly(unfinished);
  try {
    const tables = db.prepare("SELECT count(*) AS count FROM sqlite_master WHERE name IN ('meta', 'tenants')").get();
    if (schema === 0 || tables?.count !== 2) throw new StartupError(`${file} is no backup of Signalbox`);
  } finally {
    db.close();
  }
}

function checkKey(unfinished: string, file: string, key: Uint8Array): void {
  const db = openReadOnly(unfinished);
  try {
    const stored = db.prepare("SELECT value FROM meta WHERE name = 'master_key_check'").get()?.value;
    if (sameCheckValue(String(stored), createVault(key).checkValue)) return;
    throw new StartupError(`the master key is not the one that ${file} was written with`);
  } finally {
    db.close();
  }
}

/** What the old log has belongs to the old file: SQLite would write it into the new one. */
function putInPlace(unfinished: string, database: string): void {
  for (const suffix of ["-wal", "-shm"]) rmSync(`${database}${suffix}`, { force: true });
  renameSync(unfinished, database);
  flush(path.dirname(database));
}
