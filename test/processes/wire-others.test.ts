/** The wire tests that have no process of their own. */
import { after } from "node:test";
import { runInOneProcess } from "./one-process.ts";
import { shareServers } from "./one-server.ts";

shareServers({ after });
runInOneProcess("test/wire/**/*.test.ts", ["test/wire/access/**", "test/wire/inbound/**"]);
