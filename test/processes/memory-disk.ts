/**
 * Preloaded by `npm test` in each process: its temporary files are in memory, if the system has a file system for that, as
 * Linux has. On a disk, the tests wait for each of some ten thousand commits. Processes that a test starts inherit the
 * setting.
 */
import { mkdtempSync, rmSync, statfsSync } from "node:fs";

const FOLDER = "/dev/shm";
/** Containers often have only 64 MB. */
const FREE_BYTES_MIN = 2 * 1024 ** 3;

function isLarge(): boolean {
  try {
    const { bavail, bsize } = statfsSync(FOLDER);
    return bavail * bsize >= FREE_BYTES_MIN;
  } catch {
    return false; // there is no such folder
  }
}

if (process.env.TMPDIR === undefined && isLarge()) {
  const folder = mkdtempSync(`${FOLDER}/signalbox-tests-`);
  process.env.TMPDIR = folder;
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
}
