/** The wire tests that have no process of their own. */
import { runInOneProcess } from "./one-process.ts";

runInOneProcess("test/wire/**/*.test.ts", ["test/wire/access/**", "test/wire/inbound/**"]);
