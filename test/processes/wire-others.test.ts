/** The wire tests that have no process of their own. */
import { after } from "node:test";
import { shareServers } from "../harness/shared.ts";
import { runInOneProcess } from "./one-process.ts";

shareServers({ after });
runInOneProcess("test/wire/**/*.test.ts", ["test/wire/access/**", "test/wire/inbound/**"]);
