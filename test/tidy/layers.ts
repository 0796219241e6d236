/** Which layer may import which: the rules in `docs/architecture.md` as a table. */
import { posix } from "node:path";
import type { SourceFile } from "./files.ts";
import { importsOf, place } from "./scan.ts";

interface Layer {
  /** The layers this layer may import, in addition to itself. */
  readonly may: readonly string[];
  /** A pure layer imports neither packages nor Node modules. */
  readonly pure?: true;
}

/** The folder names that all layers share. */
export const CONCEPTS = ["delivery", "endpoints", "history", "pauses", "inbound", "access", "upkeep"] as const;

/** Code that all routes share. It must not depend on any route. */
const SHARED = "api/shared";
const SHARED_FOLDERS = ["connections", "errors", "http", "lists", "schema"];
/** The routes of one concept and their wire formats. */
const CONCEPT = "api/concept";
const LAYERS: Readonly<Record<string, Layer>> = {
  domain: { may: [], pure: true },
  ports: { may: ["domain"], pure: true },
  clock: { may: ["domain", "ports"] },
  config: { may: ["domain"] },
  engine: { may: ["domain", "ports"] },
  store: { may: ["domain", "ports"] },
  sender: { may: ["domain", "ports"] },
  notify: { may: ["domain", "ports"] },
  telemetry: { may: ["domain", "ports"] },
  api: { may: ["domain", "ports", "engine", SHARED, CONCEPT, "api/surfaces", "api/console", "api/mcp"] },
  "api/console": { may: ["domain", "ports", "engine", "api", SHARED] },
  "api/mcp": { may: ["domain", "ports", "engine", "api", SHARED, CONCEPT] },
  "api/surfaces": { may: ["domain", "ports", "engine", "api", SHARED, CONCEPT] },
  [CONCEPT]: { may: ["domain", "ports", "engine", "api", SHARED, "pages", "api/access"] },
  [SHARED]: { may: ["domain", "ports", "engine", "api", SHARED] },
  pages: { may: ["domain", "ports", "engine"] },
  cli: { may: ["domain", "ports", "engine"] },
  main: {
    may: ["domain", "ports", "clock", "config", "engine", "store", "sender", "notify", "telemetry", "api", "cli"],
  },
};

/** Files that may import a layer that their own layer may not, and why. */
const EXCEPTIONS: readonly { readonly from: RegExp; readonly to: string; readonly why: string }[] = [
  {
    from: /^src\/(store\/threads|sender\/thread)\/\w+-thread\.ts$/,
    to: "clock",
    why: "each thread has its own composition root, because a clock cannot be passed between threads",
  },
  {
    from: /^src\/api\/delivery\//,
    to: "api/history",
    why: "the outcome stream and repeated publishes show deliveries in the same format as the history",
  },
];

interface Step {
  readonly from: SourceFile;
  /** A path of the project, or a package's name. */
  readonly to: string;
  readonly typeOnly: boolean;
  readonly at: number;
}

export function stepsOf(file: SourceFile): readonly Step[] {
  return importsOf(file).map(({ specifier, typeOnly, at }) => ({
    from: file,
    to: specifier.startsWith(".") ? posix.join(posix.dirname(file.path), specifier) : specifier,
    typeOnly,
    at,
  }));
}

/** Every forbidden import in a file, with its location. */
export function importFaults(file: SourceFile): readonly string[] {
  return stepsOf(file).flatMap((step) => {
    const fault = stepFault(step);
    return fault === null ? [] : [`${place(file.path, file.source, step.at)} imports ${step.to}: ${fault}`];
  });
}

function stepFault({ from, to, typeOnly }: Step): string | null {
  const isOutsideLayers = /^(test|bench|examples)\//.test(from.path);
  if (to === "src/main.ts") return "main.ts runs the program when it is imported";
  if (from.isTest || isOutsideLayers) return null;
  if (from.path.startsWith("packages/")) return packageFault(from.path, to);
  if (from.path.startsWith("console/")) return consoleFault(from.path, to);
  const here = layerOf(from.path);
  const layer = here === null ? undefined : LAYERS[kindOf(here)];
  if (here === null || layer === undefined) return `${from.path} is in no layer of test/tidy/layers.ts`;
  if (here === "ports" && !typeOnly) return "ports import types only";
  if (!to.startsWith("src/")) return packageOrOutsideFault(to, layer);
  const there = layerOf(to);
  if (there === here) return null;
  if (there !== null && (layer.may.includes(there) || layer.may.includes(kindOf(there)))) return null;
  if (EXCEPTIONS.some((exception) => exception.from.test(from.path) && exception.to === there)) return null;
  return `${here} may import only ${[...layer.may, "itself"].join(", ")}`;
}

/** The packages that the client of the command line is bundled with. */
const CLIENT_PACKAGES = ["commander", "fast-string-truncated-width"];

/** A published package has no dependencies: it imports only its own files and Node modules. */
function packageFault(path: string, to: string): string | null {
  const root = path.split("/").slice(0, 2).join("/");
  if (root === "packages/cli" && (to === "packages/sdk/src/index.ts" || CLIENT_PACKAGES.includes(to))) return null;
  return to.startsWith(`${root}/`) || to.startsWith("node:") ? null : `${root} has no dependencies`;
}

/** The folders of `console/src`: which of them each may import. Every folder may also import the messages. */
const CONSOLE_LAYERS: Readonly<Record<string, readonly string[]>> = {
  app: ["charts", "live", "pages", "parts", "session"],
  charts: ["parts"],
  live: ["parts", "session"],
  messages: ["parts"],
  pages: ["charts", "live", "parts", "session"],
  parts: ["live", "session"],
  session: ["parts"],
};

/** The console is a program of its own, with its own packages. It shares the rules and the client with the server. */
function consoleFault(path: string, to: string): string | null {
  if (/^(src|test|bench|examples|packages)\//.test(to)) return "the console imports only @domain/ and @signalbox/sdk";
  const [, , here = "", concept = ""] = path.split("/");
  const [top, , there = "", page = ""] = to.split("/");
  if (top !== "console" || here === "main.tsx" || there === "messages") return null;
  if (here === "pages" && there === "pages") return page === concept ? null : "a page imports no other concept's pages";
  const may = CONSOLE_LAYERS[here];
  if (may === undefined) return `${path} is in no layer of test/tidy/layers.ts`;
  return here === there || may.includes(there)
    ? null
    : `${here} may import only ${[...may, "messages", "itself"].join(", ")}`;
}

function packageOrOutsideFault(to: string, layer: Layer): string | null {
  if (/^(\.|test\/|bench\/|examples\/|packages\/)/.test(to)) return "the server imports nothing outside src";
  return layer.pure === true ? "this layer is pure: it imports no packages and no Node modules" : null;
}

/** The program's entry points and the composition root. */
const MAIN_FILES = ["administration.ts", "heap.ts", "main.ts", "program.ts", "signalbox.ts"];

function layerOf(path: string): string | null {
  const [, first = "", ...rest] = path.split("/");
  if (rest.length === 0) return MAIN_FILES.includes(first) ? "main" : first === "config.ts" ? "config" : null;
  return first === "api" && rest.length > 1 ? `api/${rest[0]}` : first;
}

function kindOf(layer: string): string {
  const [first, folder = ""] = layer.split("/");
  if (first !== "api") return layer;
  if (SHARED_FOLDERS.includes(folder)) return SHARED;
  return CONCEPTS.some((concept) => concept === folder) ? CONCEPT : layer;
}

/** Every import cycle, reported once, as the list of its files. */
export function cycles(files: readonly SourceFile[]): readonly string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const finished = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      found.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
      return;
    }
    const file = byPath.get(path);
    if (file === undefined || finished.has(path)) return;
    for (const { to } of stepsOf(file)) visit(to, [...trail, path]);
    finished.add(path);
  };
  for (const { path } of files) visit(path, []);
  return found;
}
