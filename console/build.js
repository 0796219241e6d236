/**
 * Builds the console into `dist/`. Runs at every `npm ci`, so it never fails an installation, and skips when the sources
 * have not changed. JavaScript without types, because it also runs on Node 20.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const DIST = at("dist");
const HASH_FILE = at("dist/.sources");
const SOURCES = ["src", "index.html", "vite.config.js", "tsconfig.json", "../packages/sdk/src", "../src/domain"];
const HINT = "Run `npm ci` without --omit=dev, or start the server without the console.";

try {
  const hash = hashOfSources();
  if (!existsSync(HASH_FILE) || readFileSync(HASH_FILE, "utf8") !== hash) await build(hash);
} catch (error) {
  // The server starts without the console, and /console/ shows how to build it.
  process.stderr.write(
    `The console was not built: ${error instanceof Error ? error.message : String(error)}\n${HINT}\n`,
  );
  if (process.argv.includes("--strict")) process.exitCode = 1;
}

async function build(hash) {
  const vite = await import("vite").catch(() => {
    throw new Error("its toolchain is not installed.");
  });
  // Tests and servers that run meanwhile see either the old build or the new one.
  const staging = `${DIST}.${process.pid}`;
  try {
    await vite.build({
      configFile: at("vite.config.js"),
      configLoader: "native",
      logLevel: "error",
      build: { outDir: staging },
    });
    writeFileSync(`${staging}/.sources`, hash);
    rmSync(DIST, { recursive: true, force: true });
    renameSync(staging, DIST);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Of every file that the build reads, and of the versions of the packages that it uses. */
function hashOfSources() {
  const hash = createHash("sha256");
  for (const path of SOURCES.flatMap((source) => filesUnder(at(source)))) {
    hash.update(`${path.slice(at("..").length)}\0`).update(readFileSync(path));
  }
  return hash.update(readFileSync(at("package.json"))).digest("hex");
}

function filesUnder(path) {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .sort();
}
