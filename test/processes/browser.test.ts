import { runInOneProcess } from "./one-process.ts";

runInOneProcess("test/browser/**/*.test.ts");
