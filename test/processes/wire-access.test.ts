import { after } from "node:test";
import { runInOneProcess } from "./one-process.ts";
import { shareServers } from "./one-server.ts";

shareServers({ after });
runInOneProcess("test/wire/access/**/*.test.ts");
