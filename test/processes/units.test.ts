/** The tests of `src/`, except those that measure the memory of their process, and of the console's rules. */
import { runInOneProcess } from "./one-process.ts";

runInOneProcess("src/**/*.test.ts", ["**/*.memory.test.ts"]);
runInOneProcess("test/console/rules/*.test.ts");
