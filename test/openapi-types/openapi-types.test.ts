/** A third-party generator creates TypeScript types from `/openapi.json`, and the compiler accepts them. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startServer } from "../harness/server.ts";
import { comparisonText } from "./sdk-types.ts";

const run = promisify(execFile);
const server = await startServer({ after });
const GENERATOR = fileURLToPath(new URL("bin/cli.js", import.meta.resolve("openapi-typescript/package.json")));
const COMPILER = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));

/** Code that uses the types. The lines after each `@ts-expect-error` must not compile. */
const CALLER = `
import type { components, paths } from "./api.d.ts";
type Schemas = components["schemas"];
export const made: Schemas["EndpointInput"] = { url: "https://a.example", format: "standard", event_types: ["a.*"] };
export const published: paths["/v1/events"]["post"]["requestBody"]["content"]["application/json"] = { type: "a", payload: { n: 1 } };
export const status: Schemas["Endpoint"]["status"] = "PAUSED";
export const code = (error: Schemas["CommonError"]): string => error.error.code;
// @ts-expect-error there is no such status
export const wrong: Schemas["Endpoint"]["status"] = "ON";
// @ts-expect-error a url is required
export const empty: Schemas["EndpointInput"] = {};
`;

test("openapi-typescript generates types that compile, reject wrong values, and are those of the SDK", async (t) => {
  // Inside the package, so that the compiler finds the project's dependencies.
  const folder = await mkdtemp(path.join(import.meta.dirname, ".generated-"));
  t.after(() => rm(folder, { recursive: true }));
  const { body } = await server.request("GET", "/openapi.json", { key: null });
  await writeFile(path.join(folder, "openapi.json"), JSON.stringify(body));
  // Without this flag, request fields that have a default would be required.
  const { stderr } = await run(
    process.execPath,
    [GENERATOR, "openapi.json", "--output", "api.d.ts", "--default-non-nullable=false", "--immutable"],
    { cwd: folder },
  );
  assert.doesNotMatch(stderr, /warn|error/i);
  await writeFile(path.join(folder, "caller.ts"), CALLER);
  await writeFile(path.join(folder, "sdk.ts"), comparisonText());
  const options = [
    "--ignoreConfig",
    "--noEmit",
    "--strict",
    "--skipDefaultLibCheck",
    "--module",
    "nodenext",
    "--allowImportingTsExtensions",
    "--types",
    "",
  ];
  await run(process.execPath, [COMPILER, ...options, "caller.ts", "sdk.ts"], { cwd: folder }).catch(
    (error: { stdout: string }) => assert.fail(error.stdout),
  );
});
