/** The tests of `src/`, except those that measure the memory of their process. */
import { runInOneProcess } from "./one-process.ts";

runInOneProcess("src/**/*.test.ts", ["**/*.memory.test.ts"]);
