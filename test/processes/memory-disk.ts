/**
 * Preloaded by `npm test` in each process: its temporary files are in memory, if the system has a file system for that, as
 * Linux has. On a disk, the tests wait for each of some ten thousand commits. Processes that a test starts inherit the
 * setting.
 */
import { chmodSync, globSync, mkdtempSync, rmSync, statfsSync, statSync } from "node:fs";

const FOLDER = "/dev/shm";
const PREFIX = `${FOLDER}/signalbox-tests-`;
/** Containers often have only 64 MB. */
const FREE_BYTES_MIN = 2 * 1024 ** 3;

/** No run takes this long. */
const RUN_MS_MAX = 3_600_000;

/** What a killed process has left behind. */
function removeOld(): void {
  for (const old of globSync(`${PREFIX}*`)) {
    const changedMs = statSync(old, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (Date.now() - changedMs > RUN_MS_MAX) rmSync(old, { recursive: true, force: true });
  }
}

function isLarge(): boolean {
  try {
    const { bavail, bsize } = statfsSync(FOLDER);
    return bavail * bsize >= FREE_BYTES_MIN;
  } catch {
    return false; // there is no such folder
  }
}

if (process.env.TMPDIR === undefined && isLarge()) {
  removeOld();
  const folder = mkdtempSync(PREFIX);
  chmodSync(folder, 0o711); // a PostgreSQL server that root starts runs as another user
  process.env.TMPDIR = folder;
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
}
