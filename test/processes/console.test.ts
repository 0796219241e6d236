/** The console's tests, with one server and one browser. */
import { after } from "node:test";
import { shareConsole } from "../console/console.ts";
import { runInOneProcess } from "./one-process.ts";

shareConsole({ after });
runInOneProcess("test/console/**/*.test.ts");
