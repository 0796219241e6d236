import { runInOneProcess } from "../harness/one-process.ts";

runInOneProcess("test/wire/access/**/*.test.ts");
