/** The files of a data directory: its lock, and the master key for its secrets. */
import { randomBytes } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StartupError } from "../../../domain/errors.ts";

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

/** @throws StartupError when there is no data */
export function existingData(dir: string): DataFiles {
  // A directory without permission looks empty. A missing one is not created: most likely its name is wrong.
  if (existsSync(dir)) prepareDir(dir);
  const files = dataFiles(dir);
  if (existsSync(files.database)) return files;
  throw new StartupError(
    `there is no data in ${dir} (SIGNALBOX_DATA_DIR); the server's first start makes it`,
    "missing",
  );
}

/** The file that a symbolic link names, which may not exist yet: to replace that one keeps the link. */
export function linkTarget(file: string): string {
  if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return file;
  try {
    return realpathSync(file);
  } catch {
    return resolve(dirname(file), readlinkSync(file));
  }
}

export function prepareDir(dir: string): void {
  try {
    makeDir(resolve(dir));
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StartupError(
      `the data directory ${dir} cannot be written: ${reasonOf(error)}; set SIGNALBOX_DATA_DIR to one that can`,
    );
  }
}

/** Not with `recursive`: Node's never returns for a directory that cannot be created, such as `/proc/data`. */
function makeDir(dir: string): void {
  const there = statSync(dir, { throwIfNoEntry: false });
  if (there?.isDirectory() === true) return;
  if (there !== undefined) throw new Error(`${dir} is a file`);
  makeDir(dirname(dir));
  mkdirSync(dir, { mode: 0o700 });
}

/**
 * Lock the directory for this process until `release`. It is SQLite's lock on a second file, so it ends with the
 * process, however the process ends.
 */
export function lockDir(files: DataFiles, dir: string): DirLock {
  const lock = tryLockDir(files);
  if (lock !== null) return lock;
  throw new StartupError(
    `another Signalbox is running on the data directory ${dir}; stop it, or choose another one`,
    "conflict",
  );
}

export interface DirLock {
  release(): void;
}

/** Like `lockDir`, but returns null when another process has the lock. */
export function tryLockDir(files: DataFiles): DirLock | null {
  try {
    const lock = new DatabaseSync(files.lock, { timeout: 0 });
    lock.exec("PRAGMA locking_mode = EXCLUSIVE");
    lock.exec("BEGIN EXCLUSIVE");
    return { release: () => lock.close() };
  } catch (error) {
    if (resultOf(error) === BUSY) return null;
    throw openFault(files.lock, error);
  }
}

const MASTER_KEY_BYTES = 32;
const KEY_SETTING = "SIGNALBOX_MASTER_KEY";

/** The master key: the given one, or the one in its file. For a new store it is generated and written to the file. */
export function masterKey(files: DataFiles, given: Uint8Array | null): Uint8Array {
  if (given !== null) return given;
  if (existsSync(files.masterKey)) {
    const key = Buffer.from(readKeyFile(files.masterKey).trim(), "base64");
    if (key.length === MASTER_KEY_BYTES) return key;
    throw new StartupError(
      `${files.masterKey} holds no master key (base64 of ${MASTER_KEY_BYTES} bytes); put your copy there, or set ${KEY_SETTING}`,
    );
  }
  if (existsSync(files.database)) {
    throw new StartupError(`the master key is missing: put your copy into ${files.masterKey}, or set ${KEY_SETTING}`);
  }
  const key = randomBytes(MASTER_KEY_BYTES);
  writeKeyFile(files.masterKey, `${key.toString("base64")}\n`);
  return key;
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    // Most likely the directory of another user.
    throw new StartupError(`${file} cannot be read: ${reasonOf(error)}; let this user read it, or set ${KEY_SETTING}`);
  }
}

/** Written completely or not at all: half a key would prevent every later start. */
function writeKeyFile(file: string, text: string): void {
  const unfinished = `${file}.new`;
  try {
    writeFileSync(unfinished, text, { mode: 0o600, flush: true });
    renameSync(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw new StartupError(`${file} cannot be written: ${reasonOf(error)} (SIGNALBOX_DATA_DIR)`);
  }
}

/** The primary result codes of SQLite: the low byte. The higher bytes are details. */
const BUSY = 5;
const FULL = 13;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** The error for the operator when the data cannot be opened. */
export function openFault(file: string, error: unknown): StartupError {
  if (error instanceof StartupError) return error;
  switch (resultOf(error)) {
    case BUSY:
      return new StartupError(`${file} is locked by another process; try again`, "conflict");
    case FULL:
      return new StartupError(`the disk of ${file} is full; free some disk space, or set SIGNALBOX_DATA_DIR`);
    case CORRUPT:
    case NOT_A_DATABASE:
      return new StartupError(`${file} is no database, or damaged; restore a backup, or set SIGNALBOX_DATA_DIR`);
    default:
      return new StartupError(
        `${file} cannot be opened: ${reasonOf(error)}; it must be a file that this user may read and write (SIGNALBOX_DATA_DIR)`,
      );
  }
}

export function isDiskFull(error: unknown): boolean {
  return resultOf(error) === FULL;
}

function resultOf(error: unknown): number | null {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number"
    ? error.errcode & 0xff
    : null;
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("errstr" in error) return String(error.errstr);
  switch ("code" in error ? error.code : undefined) {
    case undefined:
      return error.message;
    case "EACCES":
    case "EPERM":
      return "this user may not";
    case "ENOSPC":
    case "EDQUOT":
      return "the disk is full";
    case "EROFS":
      return "the disk is read-only";
    default:
      return String((error as NodeJS.ErrnoException).code);
  }
}
