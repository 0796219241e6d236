/**
 * Builds the server and the client of the command line into `dist/`, so that they start with half of the CPU time: Node reads twenty files
 * instead of a thousand. Runs at every `npm ci`, so it never fails an installation. JavaScript without types, because it also runs on
 * Node 20.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = import.meta.dirname;
const DIST = path.join(ROOT, "dist");
const THREADS = ["writer-thread", "reader-thread", "ledger-thread", "checkpoint-thread", "postgres-thread"];
const INPUT = {
  program: "src/program.ts",
  "sending-thread": "src/sender/thread/sending-thread.ts",
  ...Object.fromEntries(THREADS.map((name) => [name, `src/store/threads/${name}.ts`])),
};
const CLIENT = "packages/cli/src/main.ts";

async function build() {
  const { rolldown } = await import("rolldown").catch(() => {
    throw new Error("its toolchain is not installed.");
  });
  const begun = new Date();
  const copied = [];
  const staging = `${DIST}.${process.pid}`;
  const replaced = `${staging}.replaced`;
  try {
    const bundle = await rolldown({
      cwd: ROOT,
      input: INPUT,
      platform: "node",
      logLevel: "silent",
      plugins: [sourceUrls, packageFiles(staging, copied), builtinModules, asciiOnly],
    });
    const { output } = await bundle.write({
      dir: staging,
      format: "esm",
      entryFileNames: "[name].js",
      chunkFileNames: "[name].js",
      comments: false,
      sourcemap: true,
    });
    await bundle.close();
    const client = await buildClient(rolldown, staging);
    const parts = [...copied, ...[...output, ...client].flatMap(({ moduleIds = [] }) => moduleIds)];
    writeFileSync(path.join(staging, "LICENSES.txt"), licensesOf(parts));
    // A source file that changed meanwhile is newer than the build.
    for (const name of ["program.js", "cli.js"]) utimesSync(path.join(staging, name), begun, begun);
    // A running server loads parts of its code late, so nothing is missing for longer than it takes to rename.
    if (existsSync(DIST)) renameSync(DIST, replaced);
    renameSync(staging, DIST);
  } finally {
    for (const folder of [staging, replaced]) rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The client runs on every Node from 20 on, so it keeps its imports as they are. Each group of commands is a file of its
 * own, so that the help loads neither them nor the modules of Node that they need. All else is one file, because Node 20 takes
 * 2 ms for each.
 */
async function buildClient(rolldown, dir) {
  const bundle = await rolldown({ cwd: ROOT, input: { cli: CLIENT }, platform: "node", logLevel: "silent" });
  const { output } = await bundle.write({
    dir,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "cli/[name].js",
    codeSplitting: {
      groups: [{ name: "core", test: (id) => !/\/packages\/cli\/src\/(commands\/|completion\/|main\.ts)/.test(id) }],
    },
    minify: { compress: true, mangle: false },
    sourcemap: true,
  });
  await bundle.close();
  return output;
}

/** The code finds its files, such as migrations and style sheets, where the source is. */
const sourceUrls = {
  name: "source-urls",
  transform: {
    filter: { id: /\/src\/.*\.ts$/, code: "import.meta.url" },
    handler(code, id) {
      const source = path.relative(DIST, id).replaceAll(path.sep, "/");
      return code.replaceAll("import.meta.url", `new URL(${JSON.stringify(source)}, import.meta.url).href`);
    },
  },
};

/** Files of packages that the server sends to browsers are copied, so that a build needs no packages. */
const packageFiles = (folder, copied) => ({
  name: "package-files",
  transform: {
    filter: { id: /\/src\/.*\.ts$/, code: "import.meta.resolve(" },
    handler: (code) =>
      code.replaceAll(/import\.meta\.resolve\("([^#"]+)"\)/g, (_, file) => {
        const found = fileURLToPath(import.meta.resolve(file));
        mkdirSync(folder, { recursive: true });
        copyFileSync(found, path.join(folder, path.basename(file)));
        copied.push(found);
        return `new URL("./${path.basename(file)}", import.meta.url).href`;
      }),
  },
});

/** The license of each package that has a part in the build. */
function licensesOf(parts) {
  const folders = parts.flatMap((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []);
  return [...new Set(folders.map(licenseOf))].sort().join(`\n${"=".repeat(80)}\n\n`);
}

function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((file) => /^(licen[sc]e|copying)/i.test(file));
  const text = file === undefined ? "" : `\n${readFileSync(path.join(folder, file), "utf8").trim()}\n`;
  return `${name} ${version} (${license})\n${text}`;
}

/**
 * An `import` of `node:http` reads every export of the module, and one of those loads a whole HTTP client. That and its
 * like are a fifth of a start.
 */
const builtinModules = {
  name: "builtin-modules",
  renderChunk(code) {
    return code.replaceAll(/^import (.+) from "(node:[\w/]+)";$/gm, (_, names, module) => {
      const targets = names.match(/\{.*\}|(?:\* as )?[\w$]+/g);
      return targets
        .map((target) => target.replace("* as ", "").replaceAll(" as ", ": "))
        .map((target) => `const ${target} = process.getBuiltinModule("${module}");`)
        .join(" ");
    });
  },
};

/**
 * V8 keeps the text of the code in memory, and one character outside of Latin-1 doubles the bytes of its whole file. Escapes
 * mean the same wherever such a character can stand, which is in strings, since the build has no comments.
 */
const asciiOnly = {
  name: "ascii-only",
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== "chunk") continue;
      chunk.code = chunk.code.replaceAll(
        /[^\0-\x7f]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
      );
    }
  },
};

try {
  await build();
} catch (error) {
  // An older build could contain packages of another version than the installed ones.
  rmSync(DIST, { recursive: true, force: true });
  process.stderr.write(
    `The server was not built: ${error instanceof Error ? error.message : String(error)}\n` +
      "It starts from its sources, which takes longer.\n",
  );
  if (process.argv.includes("--strict")) process.exitCode = 1;
}
