import { runInOneProcess } from "./one-process.ts";

runInOneProcess("test/wire/access/**/*.test.ts");
