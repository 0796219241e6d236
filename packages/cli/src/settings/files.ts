/** The folder of the client's settings, and how its files are read and replaced. */
import { randomBytes } from "node:crypto";
import {
  type BigIntStats,
  closeSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { EXIT, Failure } from "../failure.ts";
import { quoted } from "../output/text.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** How long to wait for another `signalbox` that writes the same file. */
const LOCK_WAIT_MS = 5000;
const LOCK_POLL_MS = 20;
/** A lock of this age belongs to a process that has ended. */
const LOCK_STALE_MS = 10_000;
const TEMPORARY_BYTES = 6;
const OTHERS = 0o077;
/** Far above what settings have. */
const SETTINGS_BYTES_MAX = 1024 * 1024;

/** `$SIGNALBOX_CONFIG`, or the place that the operating system has for settings. */
export function settingsFolder(env: Environment, platform: NodeJS.Platform): string {
  if (env.SIGNALBOX_CONFIG) return path.resolve(env.SIGNALBOX_CONFIG);
  if (platform === "win32" && env.APPDATA) return path.join(env.APPDATA, "signalbox");
  // The XDG specification ignores a relative path.
  const { XDG_CONFIG_HOME: xdg } = env;
  const home = env.HOME ?? homedir();
  return path.join(xdg && path.isAbsolute(xdg) ? xdg : path.join(home, ".config"), "signalbox");
}

/**
 * The JSON value of a file, or null when there is no such file. Messages do not contain its text, which may be secret.
 *
 * @param fail the failure for a file that has something else
 */
export function readJsonFile(file: string, fail = unreadable): unknown {
  const text = readIfThere(file, fail);
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    throw fail(file, "is not valid JSON");
  }
}

function readIfThere(file: string, fail: typeof unreadable): string | null {
  try {
    const found = statSync(file);
    // To open a FIFO waits for its writer, and a device may have no end.
    if (!found.isFile()) throw fail(file, "is not a regular file");
    if (found.size > SETTINGS_BYTES_MAX) throw fail(file, "is over 1 MB");
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new Failure(EXIT.failed, "SETTINGS_UNREADABLE", `${file} cannot be read: ${code}`);
  }
}

export function unreadable(file: string, fault: string): Failure {
  return new Failure(
    EXIT.failed,
    "SETTINGS_INVALID",
    `${file} ${fault}. Fix the file, or delete it and sign in again.`,
  );
}

/** Refuse a file with secrets that other users of the machine can read. Windows keeps the folder private. */
export function refuseShared(file: string, platform: NodeJS.Platform): void {
  if (platform === "win32") return;
  const mode = modeOf(file);
  if (mode === null || (mode & OTHERS) === 0) return;
  throw new Failure(
    EXIT.refused,
    "CREDENTIALS_SHARED",
    `Other users can read ${file}, so it is not used. Run: chmod 600 ${quoted(file)}`,
  );
}

/** Null when there is no such file. */
function modeOf(file: string): number | null {
  try {
    return statSync(file, { throwIfNoEntry: false })?.mode ?? null;
  } catch (error) {
    throw new Failure(EXIT.failed, "SETTINGS_UNREADABLE", `${file} cannot be read: ${codeOf(error)}`);
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function unwritable(file: string, error: unknown): Failure {
  return new Failure(EXIT.failed, "SETTINGS_UNWRITABLE", `${file} cannot be written: ${codeOf(error)}`);
}

/** Change a file under a lock, and replace it at once: a reader sees the old text or the new text. */
export async function changeFile(file: string, change: () => string): Promise<void> {
  makeFolder(path.dirname(file));
  const unlock = await locked(`${file}.lock`);
  try {
    replace(linkTarget(file), change());
  } finally {
    unlock();
  }
}

function makeFolder(folder: string): void {
  try {
    makeFolders(folder);
  } catch (error) {
    throw unwritable(folder, error);
  }
}

/** A folder that only this user can read, in folders that may not exist yet. In /proc, Node's own `recursive` never ends. */
export function makeFolders(folder: string, isParentThere = false): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
    if (isParentThere || codeOf(error) !== "ENOENT") throw error;
    makeFolders(path.dirname(folder));
    makeFolders(folder, true);
  }
}

/** The file that a symbolic link names, which may not exist yet: to replace that one keeps the link. */
export function linkTarget(file: string): string {
  if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return file;
  try {
    return realpathSync(file);
  } catch {
    return path.resolve(path.dirname(file), readlinkSync(file));
  }
}

/** A new file beside another one, which takes its place when it is whole. */
export function temporaryBeside(file: string): string {
  return `${file}.${randomBytes(TEMPORARY_BYTES).toString("hex")}.part`;
}

function replace(file: string, text: string): void {
  const temporary = temporaryBeside(file);
  try {
    const descriptor = openSync(temporary, "wx", 0o600);
    try {
      writeFileSync(descriptor, text); // all of it: `writeSync` returns after a part when the disk gets full
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw unwritable(file, error);
  }
}

async function locked(lock: string): Promise<() => void> {
  for (let waitedMs = 0; ; waitedMs += LOCK_POLL_MS) {
    try {
      const own = createFile(lock);
      if (own !== null) return () => removeOnly(lock, own);
      if (removeStale(lock)) continue;
    } catch (error) {
      throw unwritable(lock, error);
    }
    if (waitedMs >= LOCK_WAIT_MS)
      throw new Failure(
        EXIT.failed,
        "SETTINGS_LOCKED",
        `Another signalbox is writing: delete ${lock} if none is running.`,
      );
    await wait(LOCK_POLL_MS);
  }
}

/** Which file it is among all that ever have its name. The time is that of its creation: nobody writes to it. */
type FileIdentity = string;

function identityOf({ ino, mtimeNs }: BigIntStats): FileIdentity {
  return `${ino}-${mtimeNs}`;
}

/** Null when there is a file of this name. */
function createFile(file: string): FileIdentity | null {
  try {
    const descriptor = openSync(file, "wx", 0o600);
    try {
      return identityOf(fstatSync(descriptor, { bigint: true }));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (codeOf(error) === "EEXIST") return null;
    throw error;
  }
}

/** Only one process at a time may call it for the same identity. */
function removeOnly(file: string, identity: FileIdentity): void {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  if (found !== undefined && identityOf(found) === identity) rmSync(file);
}

/**
 * Remove a lock whose owner has ended.
 *
 * Of several processes that see it, only the one that creates a file with its identity may remove it. Another one would
 * remove the lock that was made since.
 *
 * @returns whether to try again at once
 */
function removeStale(lock: string): boolean {
  const found = statSync(lock, { bigint: true, throwIfNoEntry: false });
  if (found === undefined) return true;
  if (Date.now() - Number(found.mtimeMs) <= LOCK_STALE_MS) return false;
  const identity = identityOf(found);
  const permit = `${lock}.${identity}`;
  if (createFile(permit) === null) return false;
  try {
    removeOnly(lock, identity);
  } finally {
    rmSync(permit, { force: true });
  }
  return true;
}
