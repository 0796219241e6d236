import { after } from "node:test";
import { shareServers } from "../harness/shared.ts";
import { runInOneProcess } from "./one-process.ts";

shareServers({ after });
runInOneProcess("test/wire/inbound/**/*.test.ts");
