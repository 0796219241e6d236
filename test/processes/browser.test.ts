import { runInOneProcess } from "../harness/one-process.ts";

runInOneProcess("test/browser/**/*.test.ts");
