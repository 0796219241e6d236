/** The tests of whole servers that need no process of their own. */
import { after } from "node:test";
import { runInOneProcess } from "./one-process.ts";
import { shareServers } from "./one-server.ts";

shareServers({ after });
runInOneProcess("test/e2e/*/*.test.ts");
