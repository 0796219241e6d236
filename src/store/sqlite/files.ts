/** The files of a data directory: who may use it, and the key to its secrets. */
import { randomBytes } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StartupError } from "../../domain/errors.ts";

export interface DataFiles {
  readonly database: string;
  readonly lock: string;
  readonly masterKey: string;
  readonly ballast: string;
}

export function dataFiles(dir: string): DataFiles {
  return {
    database: join(dir, "signalbox.db"),
    lock: join(dir, "signalbox.lock"),
    masterKey: join(dir, "master.key"),
    ballast: join(dir, "ballast"),
  };
}

export function prepareDir(dir: string): void {
  try {
    makeDir(resolve(dir));
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StartupError(`the data directory ${dir} cannot be written: ${reasonOf(error)} (SIGNALBOX_DATA_DIR)`);
  }
}

/** Not `recursive`: that of Node never ends where a directory is that takes none (`/proc/data`). */
function makeDir(dir: string): void {
  if (existsSync(dir)) return;
  makeDir(dirname(dir));
  mkdirSync(dir, { mode: 0o700 });
}

/**
 * Hold the directory for this process until `release`. A lock of SQLite's own on a second file: it goes with the
 * process, however that ends.
 */
export function lockDir(files: DataFiles, dir: string): DirLock {
  const lock = tryLockDir(files);
  if (lock !== null) return lock;
  throw new StartupError(`another Signalbox is running on the data directory ${dir}; stop it, or choose another one`);
}

export interface DirLock {
  release(): void;
}

/** As `lockDir`; null when another process holds it. */
export function tryLockDir(files: DataFiles): DirLock | null {
  try {
    const lock = new DatabaseSync(files.lock, { timeout: 0 });
    lock.exec("PRAGMA locking_mode = EXCLUSIVE");
    lock.exec("BEGIN EXCLUSIVE");
    return { release: () => lock.close() };
  } catch (error) {
    if (isBusy(error)) return null;
    throw new StartupError(`${files.lock} cannot be used: ${reasonOf(error)}`);
  }
}

const MASTER_KEY_BYTES = 32;

/** The master key: as given, else from its file, else (for a new store only) made and written there. */
export function masterKey(files: DataFiles, given: Uint8Array | null): Uint8Array {
  if (given !== null) return given;
  if (existsSync(files.masterKey)) {
    const key = Buffer.from(readKeyFile(files.masterKey).trim(), "base64");
    if (key.length === MASTER_KEY_BYTES) return key;
    throw new StartupError(`${files.masterKey} does not hold a master key (base64 of ${MASTER_KEY_BYTES} bytes)`);
  }
  if (existsSync(files.database)) {
    throw new StartupError(`the master key is missing: neither SIGNALBOX_MASTER_KEY nor ${files.masterKey} is there`);
  }
  const key = randomBytes(MASTER_KEY_BYTES);
  writeFileSync(files.masterKey, `${key.toString("base64")}\n`, { mode: 0o600, flush: true });
  return key;
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new StartupError(`${file} cannot be read: ${reasonOf(error)}`); // another user's, most likely
  }
}

/** SQLITE_BUSY: somebody holds it. */
const BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === BUSY;
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && "errstr" in error) return String(error.errstr);
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
