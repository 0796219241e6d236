/** The sender against receivers of all kinds, and the SDK. */
import { runInOneProcess } from "./one-process.ts";

runInOneProcess("test/conformance/sender/*.test.ts");
runInOneProcess("packages/*/test/*.test.ts");
