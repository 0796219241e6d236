/** The tests of whole servers that need no process of their own. */
import { after } from "node:test";
import { startWorker } from "../../src/store/threads/thread.ts";
import { runInOneProcess } from "./one-process.ts";
import { shareServers } from "./one-server.ts";

// With threads, as servers have them in production.
shareServers({ after }, startWorker);
runInOneProcess("test/e2e/*/*.test.ts");
