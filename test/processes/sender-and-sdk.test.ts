/** The sender against receivers of all kinds, the SDK, and types that are generated from the OpenAPI description. */
import { runInOneProcess } from "./one-process.ts";

runInOneProcess("test/conformance/sender/*.test.ts");
runInOneProcess("packages/*/test/*.test.ts");
runInOneProcess("test/openapi-types/*.test.ts");
