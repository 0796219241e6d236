/** Half of the console's tests, by name, with one server and one browser, and the other pages, which share the browser. */
import { after } from "node:test";
import { shareConsole } from "../console/console.ts";
import { shareBrowser } from "../harness/browser.ts";
import { runInOneProcess } from "./one-process.ts";

shareBrowser({ after });
shareConsole({ after });
runInOneProcess("test/console/[!a-h]*.test.ts");
runInOneProcess("test/browser/**/*.test.ts");
