/** The files of the built console, kept in memory. No path of the file system comes from a URL. */
import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { type StaticResponse, staticResponse } from "../http/static-response.ts";

const DIST = new URL("../../../console/dist/", import.meta.url);
/** The types of the files that a build contains. Other files are not served. */
const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The console's page and its files. */
export interface ConsoleFiles {
  /** With {@link NONCE_PLACEHOLDER} where the nonce belongs. */
  readonly page: string;
  /** By the path after `/console/`, such as `assets/index-1a2b3c4d.js`. Their names contain a hash of their content. */
  readonly assets: ReadonlyMap<string, ConsoleAsset>;
}

export const NONCE_PLACEHOLDER = "__CSP_NONCE__";

/** Null while the console is not built. */
export async function readConsoleFiles(): Promise<ConsoleFiles | null> {
  try {
    const page = await readFile(new URL("index.html", DIST), "utf8");
    const names = await readdir(new URL("assets/", DIST));
    const assets = names
      .filter((name) => extname(name) in TYPES)
      .map(async (name) => [`assets/${name}`, await readAsset(name)] as const);
    return { page, assets: new Map(await Promise.all(assets)) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function readAsset(name: string): Promise<ConsoleAsset> {
  const bytes = await readFile(fileURLToPath(new URL(`assets/${encodeURIComponent(name)}`, DIST)));
  return new ConsoleAsset(staticResponse(TYPES[extname(name)] ?? "", bytes));
}

// Both run in the thread pool. Brotli at 9 takes a tenth of the time of 11, for 4 % more bytes.
const CODINGS = {
  br: (bytes: Buffer) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
  // Browsers accept Brotli only over TLS and from localhost.
  gzip: (bytes: Buffer) => promisify(gzip)(bytes, { level: 9 }),
} as const;
type Coding = keyof typeof CODINGS;

/** One file, and its compressed forms once they were asked for. */
export class ConsoleAsset {
  readonly #plain: StaticResponse;
  readonly #compressed = new Map<Coding, Promise<StaticResponse>>();

  constructor(plain: StaticResponse) {
    this.#plain = plain;
  }

  /** The file in the best coding that a client accepts. */
  response(acceptEncoding: string | undefined): Promise<StaticResponse> {
    const accepted = codingsIn(acceptEncoding ?? "");
    const coding = (Object.keys(CODINGS) as Coding[]).find((one) => accepted.has(one));
    return coding === undefined ? Promise.resolve(this.#plain) : this.#in(coding);
  }

  #in(coding: Coding): Promise<StaticResponse> {
    const known = this.#compressed.get(coding);
    if (known !== undefined) return known;
    const { type, bytes, etag } = this.#plain;
    const made = CODINGS[coding](bytes).then((compressed) => ({
      type,
      bytes: compressed,
      // A strong tag names one representation (RFC 9110 §8.8.3.3).
      etag: etag.replace(/"$/, `-${coding}"`),
      encoding: coding,
    }));
    this.#compressed.set(coding, made);
    return made;
  }
}

/** RFC 9110 §12.5.3. Quality values only matter where they refuse a coding. */
function codingsIn(acceptEncoding: string): ReadonlySet<string> {
  const parts = acceptEncoding.toLowerCase().split(",");
  return new Set(
    parts.filter((part) => !/;\s*q=0(\.0*)?\s*$/.test(part)).map((part) => part.split(";")[0]?.trim() ?? ""),
  );
}
