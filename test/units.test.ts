/**
 * Runs the tests of `src/` in one process: a process for each of their 135 files would take twice the CPU time, because
 * each one loads the same modules. Tests that measure this process's memory run in their own (`*.memory.test.ts`).
 */
import { globSync } from "node:fs";
import path from "node:path";

const cwd = path.join(import.meta.dirname, "..");
const files = globSync("src/**/*.test.ts", { cwd, exclude: ["**/*.memory.test.ts"] });
for (const file of files.sort()) await import(path.join(cwd, file));
