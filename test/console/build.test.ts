/** The build: its sizes, that it is reproducible, and that an installation without its toolchain works. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

const ROOT = path.resolve(import.meta.dirname, "../..");
const ASSETS = path.join(ROOT, "console/dist/assets");
const KB = 1024;
const run = promisify(execFile);

interface Chunk {
  readonly gzipBytes: number;
  /** The names of the files that are loaded together with it. */
  readonly imports: readonly string[];
}

const chunks = new Map<string, Chunk>();
let page = "";

before(async () => {
  await run(process.execPath, [path.join(ROOT, "console/build.js"), "--strict"]);
  page = await readFile(path.join(ROOT, "console/dist/index.html"), "utf8");
  for (const name of await readdir(ASSETS)) {
    const bytes = await readFile(path.join(ASSETS, name));
    const text = bytes.toString("utf8");
    // Static imports and re-exports only: `import("./x.js")` comes later.
    const imports = [...text.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)].map(([, file = ""]) => file);
    chunks.set(name, { gzipBytes: gzipSync(bytes, { level: 9 }).length, imports });
  }
});

/** The files that load before the first page shows. */
function startFiles(): ReadonlySet<string> {
  const named = [...page.matchAll(/\/console\/assets\/([^"]+\.(?:js|css))"/g)].map(([, name = ""]) => name);
  return closure(named);
}

function closure(names: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    for (const one of chunks.get(name)?.imports ?? []) visit(one);
  };
  for (const name of names) visit(name);
  return found;
}

function sizeOf(names: Iterable<string>, extension: string): number {
  return [...names]
    .filter((name) => name.endsWith(extension))
    .reduce((sum, name) => sum + (chunks.get(name)?.gzipBytes ?? 0), 0);
}

test("sign-in and shell take at most 240 KB of script and 25 KB of style, gzipped", () => {
  const start = startFiles();
  const script = sizeOf(start, ".js");
  const style = sizeOf(start, ".css");
  assert.ok(script > 50 * KB && script <= 240 * KB, `script: ${script} bytes`);
  assert.ok(style > 5 * KB && style <= 25 * KB, `style: ${style} bytes`);
});

test("a page's own file has at most 25 KB, and the charts at most 150 KB", () => {
  const pages = [...chunks.keys()].filter((name) => /-page-[\w-]+\.js$/.test(name));
  assert.ok(pages.length > 20);
  for (const name of pages) assert.ok((chunks.get(name)?.gzipBytes ?? 0) <= 25 * KB, name);
  const start = startFiles();
  const drawing = [...chunks.keys()].filter((name) => name.startsWith("drawing-") && name.endsWith(".js"));
  assert.ok(drawing.length <= 1);
  const charts = [...closure(drawing)].filter((name) => !start.has(name));
  assert.ok(sizeOf(charts, ".js") <= 150 * KB, `charts: ${sizeOf(charts, ".js")} bytes`);
});

test("two builds in different folders are identical", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "signalbox-console-"));
  after(() => rm(folder, { recursive: true, force: true }));
  await copySources(folder);
  await symlink(path.join(ROOT, "node_modules"), path.join(folder, "node_modules"));
  await run(process.execPath, [path.join(folder, "console/build.js"), "--strict"]);
  const built = path.join(folder, "console/dist/assets");
  assert.deepEqual((await readdir(built)).sort(), [...chunks.keys()].sort());
  for (const name of chunks.keys()) {
    assert.ok((await readFile(path.join(built, name))).equals(await readFile(path.join(ASSETS, name))), name);
  }
});

test("without the toolchain, the build says so in its messages and does not fail the installation", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "signalbox-console-"));
  after(() => rm(folder, { recursive: true, force: true }));
  await copySources(folder);
  const { stderr } = await run(process.execPath, [path.join(folder, "console/build.js")]);
  assert.match(stderr, /^The console was not built: its toolchain is not installed\.\n.*--omit=dev.*\n$/);
  await assert.rejects(readdir(path.join(folder, "console/dist")), { code: "ENOENT" });
});

async function copySources(folder: string): Promise<void> {
  const isSource = (from: string): boolean => !/console\/(dist|node_modules)(\b|\.)/.test(from);
  for (const part of ["console", "packages/sdk", "src/domain", "tsconfig.json", "package.json"]) {
    await cp(path.join(ROOT, part), path.join(folder, part), { recursive: true, filter: isSource });
  }
}
