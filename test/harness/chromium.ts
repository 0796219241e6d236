/** A real Chromium that needs only `npm ci`: `@sparticuz/chromium` packages the program, its libraries and a font. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export interface Chromium {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}

const MODULES = path.resolve(import.meta.dirname, "../../node_modules");
/** Under `node_modules`, so that removing the package removes it too. Unpacking takes 2 s and 220 MB. */
const CACHE = path.join(MODULES, ".cache");
const PACKAGE = fileURLToPath(import.meta.resolve("@sparticuz/chromium"));

/** Returns the location of Chromium. The first call on a machine unpacks it. */
export async function unpackChromium(): Promise<Chromium> {
  const place = path.join(CACHE, `chromium-${await packageVersion()}`);
  if (!existsSync(place)) await unpackTo(place);
  await nameFontsOf(place);
  return {
    program: path.join(place, "chromium"),
    env: {
      // NSS and Expat, which a minimal system lacks.
      LD_LIBRARY_PATH: path.join(place, "al2023/lib"),
      // Only the package's own font, so that text has the same width on every machine.
      FONTCONFIG_FILE: path.join(place, "fonts.conf"),
    },
  };
}

async function packageVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(path.join(MODULES, "@sparticuz/chromium/package.json"), "utf8"));
  return (manifest as { readonly version: string }).version;
}

/**
 * Test files run in parallel, so each unpacks into its own folder. The first to finish renames its folder to `place`.
 */
async function unpackTo(place: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const staging = await mkdtemp(path.join(CACHE, "chromium-unpacking-"));
  try {
    await unpack(staging);
    await rename(staging, place);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    if (!existsSync(place)) throw error;
  }
}

/**
 * Runs in a separate process, because the package unpacks into the temporary folder, and unpacks its libraries only if
 * the environment looks like AWS Lambda.
 */
async function unpack(folder: string): Promise<void> {
  const script = "const { default: chromium } = await import(process.argv[1]); await chromium.executablePath();";
  const env = { PATH: process.env.PATH ?? "", TMPDIR: folder, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs22.x" };
  await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script, PACKAGE], { env });
}

/**
 * Names the folder of the fonts, which can be a copy of the one that was unpacked: fontconfig takes only absolute paths for its
 * cache. A new file replaces the old one, because other test files read it, and copies can share it as a hard link.
 */
export async function nameFontsOf(place: string): Promise<void> {
  const file = path.join(place, "fonts.conf");
  const content = fontsConf(place);
  if (existsSync(file) && (await readFile(file, "utf8")) === content) return;
  const staged = `${file}-${process.pid}`;
  await writeFile(staged, content);
  await rename(staged, file);
}

function fontsConf(place: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${path.join(place, "fonts")}</dir><cachedir>${path.join(place, "fonts-cache")}</cachedir></fontconfig>
`;
}
