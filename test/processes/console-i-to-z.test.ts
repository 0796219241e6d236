/** Half of the console's tests, by name, with one server and one browser. The halves run side by side. */
import { after } from "node:test";
import { shareConsole } from "../console/console.ts";
import { runInOneProcess } from "./one-process.ts";

shareConsole({ after });
runInOneProcess("test/console/[!a-h]*.test.ts");
