/**
 * Runs many test files in one process. Half of what a small file takes is the start of its process and the loading of
 * the same modules.
 */
import { globSync } from "node:fs";
import path from "node:path";
import { suite } from "node:test";
import { PROJECT_DIR } from "../harness/command.ts";
import { endTracking } from "./test-tracking.ts";

let loadingCount = 0;

/** Each file becomes a suite, so that its hooks run at its end and a failure shows its name. */
export function runInOneProcess(pattern: string, exclude: readonly string[] = []): void {
  for (const file of globSync(pattern, { cwd: PROJECT_DIR, exclude }).sort()) {
    loadingCount += 1;
    suite(file, async () => {
      await import(path.join(PROJECT_DIR, file));
      loadingCount -= 1;
      if (loadingCount === 0) endTracking();
    });
  }
}
