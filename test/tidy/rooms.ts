/** Who may import whom: `docs/architecture.md`, as a table. */
import { posix } from "node:path";
import type { SourceFile } from "./files.ts";
import { importsOf, place } from "./scan.ts";

interface Room {
  /** The rooms whose files this one's may import, beside its own. */
  readonly may: readonly string[];
  /** Pure: no package and no part of Node either. */
  readonly pure?: true;
}

const SURFACE = "api/*";
const ROOMS: Readonly<Record<string, Room>> = {
  domain: { may: [], pure: true },
  ports: { may: ["domain"], pure: true },
  clock: { may: ["domain", "ports"] },
  config: { may: ["domain"] },
  engine: { may: ["domain", "ports"] },
  store: { may: ["domain", "ports"] },
  sender: { may: ["domain", "ports"] },
  notify: { may: ["domain", "ports"] },
  telemetry: { may: ["domain", "ports"] },
  api: { may: ["domain", "ports", "engine", SURFACE] },
  [SURFACE]: { may: ["domain", "ports", "engine", "api", "pages"] },
  pages: { may: ["domain", "ports", "engine"] },
  cli: { may: ["domain", "ports", "engine"] },
  main: {
    may: ["domain", "ports", "clock", "config", "engine", "store", "sender", "notify", "telemetry", "api", "cli"],
  },
};

/** One file that may do what its room may not, and why. */
const EXCEPTIONS: readonly { readonly from: RegExp; readonly to: string; readonly why: string }[] = [
  {
    from: /^src\/store\/sqlite\/(\w+-)?thread\.ts$/,
    to: "clock",
    why: "a thread's own composition root: a clock cannot be handed from one thread to another",
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

/** What is wrong with the imports of one file, each with its place. */
export function importFaults(file: SourceFile): readonly string[] {
  return stepsOf(file).flatMap((step) => {
    const fault = stepFault(step);
    return fault === null ? [] : [`${place(file.path, file.source, step.at)} imports ${step.to}: ${fault}`];
  });
}

function stepFault({ from, to, typeOnly }: Step): string | null {
  const standsOutside = /^(test|bench|examples)\//.test(from.path);
  if (to === "src/main.ts") return "main.ts runs the program when it is imported";
  if (from.isTest || standsOutside) return null;
  if (from.path.startsWith("packages/")) return packageFault(from.path, to);
  const here = roomOf(from.path);
  const room = here === null ? undefined : ROOMS[kindOf(here)];
  if (here === null || room === undefined) return `${from.path} is in no room of test/tidy/rooms.ts`;
  if (here === "ports" && !typeOnly) return "ports import types only";
  if (!to.startsWith("src/")) return packageOrOutsideFault(to, room);
  const there = roomOf(to);
  if (there === here || (there !== null && room.may.includes(kindOf(there)))) return null;
  if (EXCEPTIONS.some((exception) => exception.from.test(from.path) && exception.to === there)) return null;
  return `${here} may import only ${[...room.may, "itself"].join(", ")}`;
}

/** A published package has no dependencies: only its own files and Node. */
function packageFault(path: string, to: string): string | null {
  const root = path.split("/").slice(0, 2).join("/");
  return to.startsWith(`${root}/`) || to.startsWith("node:") ? null : `${root} has no dependencies`;
}

function packageOrOutsideFault(to: string, room: Room): string | null {
  if (/^(\.|test\/|bench\/|examples\/|packages\/)/.test(to)) return "the server imports nothing outside src";
  return room.pure === true ? "this room is pure: no package, no part of Node" : null;
}

/** The program, and the composition root. */
const MAIN_FILES = ["main.ts", "program.ts", "signalbox.ts"];

function roomOf(path: string): string | null {
  const [, first = "", ...rest] = path.split("/");
  if (rest.length === 0) return MAIN_FILES.includes(first) ? "main" : first === "config.ts" ? "config" : null;
  return first === "api" && rest.length > 1 ? `api/${rest[0]}` : first;
}

function kindOf(room: string): string {
  return room.startsWith("api/") ? SURFACE : room;
}

/** Every cycle of imports, each once, as the way round it. */
export function cycles(files: readonly SourceFile[]): readonly string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const finished = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) {
      found.push([...way.slice(way.indexOf(path)), path].join(" → "));
      return;
    }
    const file = byPath.get(path);
    if (file === undefined || finished.has(path)) return;
    for (const { to } of stepsOf(file)) visit(to, [...way, path]);
    finished.add(path);
  };
  for (const { path } of files) visit(path, []);
  return found;
}
