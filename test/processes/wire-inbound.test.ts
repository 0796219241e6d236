import { runInOneProcess } from "../harness/one-process.ts";

runInOneProcess("test/wire/inbound/**/*.test.ts");
