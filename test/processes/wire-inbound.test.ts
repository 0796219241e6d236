import { runInOneProcess } from "./one-process.ts";

runInOneProcess("test/wire/inbound/**/*.test.ts");
