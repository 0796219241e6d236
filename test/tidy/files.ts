/** The project's own source files, read once. */
import { readdirSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type Scan, scan } from "./scan.ts";

export interface SourceFile extends Scan {
  /** Relative to the project's root, with forward slashes. */
  readonly path: string;
  readonly isTest: boolean;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDERS = ["src", "test", "bench", "examples", "packages", "console"];
const NOT_OURS = /(^|\/)(node_modules|dist|\.[^/]*)(\/|$)/;

export function readSourceFiles(): readonly SourceFile[] {
  return FOLDERS.flatMap(pathsIn)
    .filter((path) => /\.tsx?$/.test(path) && !path.endsWith(".d.ts") && !NOT_OURS.test(path))
    .sort()
    .map((path) => ({ path, isTest: isTest(path), ...scan(readFileSync(ROOT + path, "utf8")) }));
}

/** The path of every file in the folder, at any depth. */
function pathsIn(folder: string): string[] {
  try {
    return readdirSync(ROOT + folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(ROOT, `${entry.parentPath}/${entry.name}`).replaceAll("\\", "/"));
  } catch (error) {
    // A folder that does not exist has no files.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function isTest(path: string): boolean {
  return path.endsWith(".test.ts") || /^(test|packages\/[^/]+\/test)\//.test(path);
}
