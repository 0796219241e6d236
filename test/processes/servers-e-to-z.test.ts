/** Half of the tests of servers and commands in child processes, by name. The halves run side by side. */
import { runInOneProcess } from "./one-process.ts";

runInOneProcess("test/e2e/[!a-d]*.test.ts");
