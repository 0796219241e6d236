/**
 * Copies the data while a server may run. `VACUUM INTO` on a separate connection reads one state of the file and does
 * not block the writer. The copy is checked before it gets its final name, so that a file of that name is always
 * complete.
 */
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StartupError } from "../../../domain/errors.ts";
import { BUSY_MS } from "../connection.ts";
import { refuseMoved } from "../moved.ts";
import { type DataFiles, existingData, isDiskFull, linkTarget, openFault, reasonOf } from "./files.ts";

export interface BackupOptions {
  readonly dataDir: string;
  readonly file: string;
  /** Replace an existing file of that name. */
  readonly overwrites: boolean;
}

export interface Backup {
  /** The file, as an absolute path. */
  readonly file: string;
  readonly bytes: number;
  /** The version of the schema. */
  readonly schema: number;
}

/** @throws StartupError when there is no data, or the file cannot be written. No file is left then. */
export function backUp({ dataDir, file, overwrites }: BackupOptions): Backup {
  const files = existingData(dataDir);
  const target = linkTarget(resolve(file));
  refuseTarget({ file, target, files, overwrites });
  const unfinished = `${target}.${randomBytes(6).toString("hex")}.unfinished`;
  try {
    copy(files.database, unfinished);
    const schema = checkCopy(unfinished, "the copy is damaged, and so may be the data");
    const { size: bytes } = statSync(unfinished);
    renameSync(unfinished, target);
    flush(dirname(target));
    return { file: resolve(file), bytes, schema };
  } catch (error) {
    for (const left of [unfinished, `${unfinished}-journal`]) rmSync(left, { force: true });
    throw error instanceof StartupError ? error : new StartupError(`${file} cannot be written: ${reasonOf(error)}`);
  }
}

interface Target {
  /** As the operator named it. */
  readonly file: string;
  /** What it names. */
  readonly target: string;
  readonly files: DataFiles;
  readonly overwrites: boolean;
}

/** @throws StartupError when the copy cannot have this name */
function refuseTarget({ file, target, files, overwrites }: Target): void {
  const folder = statSync(dirname(target), { throwIfNoEntry: false });
  if (folder?.isDirectory() !== true) {
    throw new StartupError(`${file}: there is no directory ${dirname(target)}`, "missing");
  }
  const there = statSync(target, { throwIfNoEntry: false });
  const fault =
    there?.isDirectory() === true
      ? "it is a directory; name a file in it"
      : isOwn(target, files)
        ? "this is a file of the running data; choose another name"
        : there?.isFile() === false
          ? "it is no regular file; choose another name"
          : there !== undefined && !overwrites
            ? "there is a file of this name; choose another, or replace it with --force"
            : null;
  if (fault !== null) throw new StartupError(`${file}: ${fault}`, "conflict");
}

/** Whether it is one of the files of the data directory, whatever path or link names it. */
export function isOwn(target: string, files: DataFiles): boolean {
  const own = Object.values({ ...files }).flatMap((file) => [file, linkTarget(resolve(file))]);
  const named = realName(target);
  return own.some((file) => ["", "-wal", "-shm"].some((suffix) => realName(file + suffix) === named));
}

/** A folder that does not exist has no other name. */
function realName(file: string): string {
  const folder = dirname(file);
  return join(existsSync(folder) ? realpathSync(folder) : folder, basename(file));
}

function copy(database: string, unfinished: string): void {
  closeSync(openSync(unfinished, "wx", 0o600)); // SQLite would create it readable for others, but accepts an empty file
  const db = openReadOnly(database);
  try {
    refuseMoved(db);
    db.prepare("VACUUM INTO ?").run(unfinished);
  } catch (error) {
    // A full disk concerns the copy. Any other error concerns the data.
    throw isDiskFull(error)
      ? new StartupError(`the disk of ${dirname(unfinished)} is full; the backup needs about ${megabytes(database)} MB`)
      : openFault(database, error);
  } finally {
    db.close();
  }
  flush(unfinished);
}

/** @returns the version of its schema */
export function checkCopy(file: string, damaged: string): number {
  const db = openReadOnly(file);
  try {
    const found = db.prepare("PRAGMA integrity_check(1)").get()?.integrity_check;
    if (found !== "ok") throw new StartupError(`${damaged}: ${String(found).replaceAll("\n", " ")}`);
    return Number(db.prepare("PRAGMA user_version").get()?.user_version);
  } finally {
    db.close();
  }
}

export function openReadOnly(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS });
  } catch (error) {
    throw openFault(file, error);
  }
}

/** Also for a directory: only then is a file's name on the disk. */
export function flush(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function megabytes(file: string): number {
  return Math.ceil(statSync(file).size / 2 ** 20);
}
