/** The tests in a real browser, of which they share one. */
import { runInOneProcess } from "./one-process.ts";

runInOneProcess("test/browser/**/*.test.ts");
