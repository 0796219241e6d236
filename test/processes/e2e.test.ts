/** The tests of whole servers that need no process of their own. */
import { runInOneProcess } from "./one-process.ts";

runInOneProcess("test/e2e/*/*.test.ts");
