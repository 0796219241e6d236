/** Faults in the entry point and the build. */
import type { Mutant } from "./mutant.ts";

const BUILT_SERVER = "test/e2e/built-server.test.ts";

export const start: readonly Mutant[] = [
  {
    fault: "an old build is used although a source file is newer",
    file: "src/main.js",
    find: "changedAt(file) <= builtAt)",
    replace: "changedAt(file) >= 0)",
    test: BUILT_SERVER,
  },
  {
    fault: "a build is never used",
    file: "src/main.js",
    find: "builtAt > 0 &&",
    replace: "builtAt < 0 &&",
    test: BUILT_SERVER,
  },
  {
    fault: "an editor's link to nothing keeps the server from starting",
    file: "src/main.js",
    find: "statSync(path.join(parentPath, name), IF_THERE)?.mtimeMs ?? 0;",
    replace: "statSync(path.join(parentPath, name)).mtimeMs;",
    test: BUILT_SERVER,
  },
  {
    fault: "a source file that changes during a build is older than the build",
    file: "build.js",
    find: "utimesSync(path.join(staging, name), begun, begun);",
    replace: "",
    test: BUILT_SERVER,
  },
  {
    fault: "a failed build leaves an older one",
    file: "build.js",
    find: "rmSync(DIST, { recursive: true, force: true });",
    replace: "",
    test: BUILT_SERVER,
  },
];
