/** The pages other than the console's, with one browser. */
import { after } from "node:test";
import { shareBrowser } from "../harness/browser.ts";
import { runInOneProcess } from "./one-process.ts";

shareBrowser({ after });
runInOneProcess("test/browser/**/*.test.ts");
