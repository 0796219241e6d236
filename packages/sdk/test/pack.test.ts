/** The published package: built, packed, installed elsewhere, run as JavaScript and type-checked. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const TSC = path.join(ROOT, "node_modules/.bin/tsc");
const NPM_QUIET = ["--offline", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];

const RUN_JS = `
import assert from "node:assert/strict";
import { Signalbox, sign, signJcs, verify, WebhookVerificationError } from "@signalbox/sdk";

const secret = "whsec_" + Buffer.alloc(32, 1).toString("base64");
const body = '{"type":"order.created","timestamp":"2026-01-01T00:00:00.000Z","data":{"id":1}}';
const headers = await sign({ secret, body });
const event = await verify({ body, headers, secret });
assert.deepEqual([event.type, event.data, event.scheme], ["order.created", { id: 1 }, "standard"]);
await assert.rejects(verify({ body: body + " ", headers, secret }), WebhookVerificationError);
assert.match(await signJcs({ b: 1, a: 2 }, secret), /^[{]"a":2,"b":1,"signature":"sha256=[0-9a-f]{64}"}$/);
assert.ok(new Signalbox({ url: "https://signalbox.example.com", apiKey: "sb_test_x" }).events);
console.log("verified");
`;

const CONSUMER_TS = `
import {
  type Delivery,
  type EndedPause,
  type Endpoint,
  isPauseEvent,
  Signalbox,
  SignalboxError,
  verify,
  type WebhookVerificationCode,
} from "@signalbox/sdk";

interface Order { id: number }

export async function receive(request: Request, secret: string): Promise<number> {
  const event = await verify<Order>({ body: await request.text(), headers: request.headers, secret });
  return event.data.id;
}

export async function decision(request: Request, secret: string): Promise<string | null> {
  const { body } = await verify({ body: await request.text(), headers: request.headers, secret });
  if (!isPauseEvent(body)) return null;
  // @ts-expect-error a timeout has no text
  if (body.event === "pause.timed_out") return body.data.text;
  if (body.event === "pause.cancelled") return null;
  const added: string | null = body.event === "pause.responded" ? body.data.text : null;
  return added ?? body.data.choice;
}

export async function ask(client: Signalbox): Promise<EndedPause["status"]> {
  const pause = await client.pause({ message: "Go on?", options: ["Yes", "No"] }, { idempotencyKey: "k" });
  const ended = await client.waitForPause(pause.pause_id, { timeoutMs: 1000 });
  // @ts-expect-error it has ended
  if (ended.status === "pending") throw new Error();
  return ended.status;
}

export async function failed(client: Signalbox): Promise<Delivery[]> {
  const found: Delivery[] = [];
  for await (const delivery of client.deliveries.iterate({ status: "FAILED" })) found.push(delivery);
  return found;
}

export async function make(client: Signalbox): Promise<string | undefined> {
  const endpoint = await client.endpoints.create({ url: "https://a.example", format: "standard" });
  const same: Endpoint = await client.endpoints.update(endpoint.id, { status: "PAUSED" });
  // @ts-expect-error this status does not exist
  await client.endpoints.update(same.id, { status: "GONE" });
  // @ts-expect-error an endpoint needs a URL
  await client.endpoints.create({ name: "a" });
  return endpoint.secret;
}

export const codes: WebhookVerificationCode[] = ["signature_mismatch"];
export const isGone = (error: unknown): boolean => error instanceof SignalboxError && error.status === 404;
export const client: Signalbox = new Signalbox({ url: "https://a.example", apiKey: "k", fetch });
`;

/** What the examples of the documentation leave to their readers. */
const AROUND_EXAMPLES = `
declare namespace NodeJS {
  interface ProcessEnv { SIGNALBOX_API_KEY: string; WEBHOOK_SECRET: string }
}
declare const secret: string, newSecret: string, oldSecret: string, url: string, raw: string;
declare const request: Request;
declare const signalbox: import("@signalbox/sdk").Signalbox;
declare const pay: () => Promise<void>;
declare const receipt: unknown, pause_id: string, order: object;
declare const insertIfAbsent: (table: string, id: string) => Promise<boolean>;
`;
const PAGES = ["packages/sdk/README.md", "README.md", "docs/console.md"];

/** The examples of the SDK, each as a module of its own. */
async function readExamples(): Promise<readonly string[]> {
  const texts = await Promise.all(PAGES.map((page) => readFile(path.join(ROOT, page), "utf8")));
  const blocks = texts.flatMap((text) => [...text.matchAll(/^```[jt]s\n(.*?)^```$/gms)].map(([, code = ""]) => code));
  return blocks.filter((code) => !/from "node:crypto"/.test(code)).map((code) => `${code}export {};\n`);
}

const compilerOptions = {
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  // The package's types are checked, and the compiler's own, which take six times as long, are not.
  skipDefaultLibCheck: true,
  target: "es2022",
  lib: ["es2022", "dom"],
  types: [],
};

describe("the packed package", () => {
  let place: string;

  before(async () => {
    place = await mkdtemp(path.join(tmpdir(), "signalbox-sdk-"));
    const npm = (args: string[], cwd: string) =>
      run("npm", [...args, ...NPM_QUIET, "--cache", path.join(place, ".npm")], { cwd });
    await npm(["pack", "--pack-destination", place], PACKAGE);
    const [tarball = ""] = (await readdir(place)).filter((name) => name.endsWith(".tgz"));
    await writeFile(
      path.join(place, "package.json"),
      JSON.stringify({ name: "consumer", private: true, type: "module" }),
    );
    await npm(["install", `./${tarball}`], place);
  });

  after(() => rm(place, { recursive: true, force: true }));

  const installed = (): string => path.join(place, "node_modules", "@signalbox", "sdk");

  it("contains JavaScript, types, the readme and the license, but no sources and no dependencies", async () => {
    const files = await readdir(installed(), { recursive: true });
    const vectors = ["deliveries.json", "jcs-signed.json", "jcs-numbers.json", "jcs-refused.json", "check.py"].map(
      (name) => `vectors/${name}`,
    );
    for (const name of ["dist/index.js", "dist/index.d.ts", "README.md", "LICENSE", ...vectors])
      assert.ok(files.includes(name), name);
    assert.deepEqual(
      files.filter((name) => /(?<!\.d)\.ts$|test|tsconfig/.test(name)),
      [],
    );
    const manifest = JSON.parse(await readFile(path.join(installed(), "package.json"), "utf8"));
    assert.deepEqual([manifest.license, manifest.dependencies], ["Apache-2.0", undefined]);
    assert.deepEqual(
      (await readdir(path.join(place, "node_modules"))).filter((name) => !name.startsWith(".")),
      ["@signalbox"],
    );
  });

  it("imports only its own files", async () => {
    const entries = await readdir(path.join(installed(), "dist"), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    for (const { name, parentPath } of files) {
      const text = await readFile(path.join(parentPath, name), "utf8");
      for (const [, target = ""] of text.matchAll(/from "([^"]+)"/g)) {
        assert.match(target, /^\.\.?\/[a-z/-]+\.(js|ts)$/, name); // in a .d.ts, "./x.ts" means ./x.d.ts
      }
    }
  });

  it("verifies a signed webhook when run as JavaScript", async () => {
    await writeFile(path.join(place, "run.js"), RUN_JS);
    const { stdout } = await run(process.execPath, ["run.js"], { cwd: place });
    assert.equal(stdout.trim(), "verified");
  });

  it("is required by CommonJS", async () => {
    await writeFile(
      path.join(place, "run.cjs"),
      `const { sign } = require("@signalbox/sdk"); console.log(typeof sign);`,
    );
    const { stdout } = await run(process.execPath, ["run.cjs"], { cwd: place });
    assert.equal(stdout.trim(), "function");
  });

  it("type-checks in a strict consumer, under Node's module resolution and a bundler's", async () => {
    for (const file of ["consumer.ts", "consumer.cts"]) await writeFile(path.join(place, file), CONSUMER_TS);
    for (const [module, moduleResolution, ...files] of [
      ["nodenext", "nodenext", "consumer.ts", "consumer.cts"],
      ["esnext", "bundler", "consumer.ts"],
    ])
      assert.equal(await compile({ module, moduleResolution }, files), "");
  });

  it("type-checks in the examples of the documentation", async () => {
    const examples = await readExamples();
    assert.ok(examples.length >= 10);
    await writeFile(path.join(place, "around.d.ts"), AROUND_EXAMPLES);
    for (const [at, code] of examples.entries()) await writeFile(path.join(place, `example-${at}.ts`), code);
    const files = ["around.d.ts", ...examples.keys().map((at) => `example-${at}.ts`)];
    const node = { skipLibCheck: true, types: ["node"], typeRoots: [path.join(ROOT, "node_modules/@types")] };
    assert.equal(await compile({ module: "nodenext", ...node }, files), "");
  });

  it("links to nothing outside of the package in its readme", async () => {
    assert.doesNotMatch(await readFile(path.join(installed(), "README.md"), "utf8"), /\]\((?!https:|#)/);
  });

  /** @returns what the compiler says */
  async function compile(options: object, files: readonly string[]): Promise<string> {
    const config = { compilerOptions: { ...compilerOptions, ...options }, files };
    await writeFile(path.join(place, "tsconfig.json"), JSON.stringify(config));
    return run(TSC, ["-p", "."], { cwd: place }).then(
      () => "",
      (error: { stdout?: string }) => error.stdout ?? String(error),
    );
  }
});
