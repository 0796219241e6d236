/** A server in a child process, for tests of how the server starts, stops and crashes. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { prepareDataDir } from "../fixtures/empty-store.ts";
import { signalled, within } from "./deadline.ts";
import { type Client, clientOf, type Scope } from "./server.ts";

const MAIN = path.join(import.meta.dirname, "../../src/main.js");
/** The API key of every child's first tenant, unless a test lets the server generate one. */
export const CHILD_KEY = `sb_live_${"fedcba9876543210".repeat(3)}`;

/** Child processes share compiled code, which halves the CPU time of a start. */
const COMPILE_CACHE = process.env.NODE_COMPILE_CACHE ?? newCompileCache();

/** Creates a cache for this test file, if the suite does not provide one. */
function newCompileCache(): string {
  const dir = mkdtempSync(path.join(tmpdir(), "signalbox-test-compiled-"));
  process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export type ChildEnvironment = Readonly<Record<string, string>>;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process, which may exit before it listens. */
export interface Child {
  /** The output so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves when standard output matches. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  readonly exited: Promise<Exit>;
}

export interface ListeningChild extends Child, Client {
  readonly url: string;
}

/** The settings of the servers on loopback that tests start, unless a test replaces them. */
export function settingsOf(dataDir: string, env: ChildEnvironment): ChildEnvironment {
  return {
    SIGNALBOX_DATA_DIR: dataDir,
    SIGNALBOX_API_KEY: CHILD_KEY,
    SIGNALBOX_ALLOW_HTTP: "true",
    SIGNALBOX_ALLOW_NETWORKS: "127.0.0.0/8",
    ...env,
  };
}

/** What ends each server that was started on a data directory. */
const serversOn = new Map<string, Set<() => Promise<unknown>>>();

export async function newDataDir(scope: Scope): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), "signalbox-test-"));
  const servers = new Set<() => Promise<unknown>>();
  serversOn.set(dir, servers);
  // Cleanups run in the order of their registration, so this one comes before the servers' own. A running server could
  // create a file while its directory is being deleted; then the deletion fails, and no later cleanup runs.
  scope.after(async () => {
    serversOn.delete(dir);
    await Promise.all([...servers].map((end) => end()));
    await rm(dir, { recursive: true, force: true });
  });
  return dir;
}

/** Ends a server before its data directory is deleted. */
export function endBeforeDeletion(dataDir: string | undefined, end: () => Promise<unknown>): void {
  serversOn.get(dataDir ?? "")?.add(end);
}

/** Starts a server with only these settings, plus a free port and no logging. */
export function spawnServer(
  scope: Scope,
  env: ChildEnvironment,
  [file, ...args]: readonly [string, ...string[]] = [process.execPath, MAIN],
): Child {
  const child = spawn(file, args, {
    env: { PATH: process.env.PATH, PORT: "0", LOG_LEVEL: "silent", NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = within(exitOf(child), "the server's exit", 600_000);
  exited.catch(() => undefined);
  const end = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  endBeforeDeletion(env.SIGNALBOX_DATA_DIR, end);
  scope.after(end);
  return childOf(child, exited);
}

/** Starts a server that may send to loopback, and waits until it listens. */
export async function startChild(scope: Scope, dataDir: string, env: ChildEnvironment = {}): Promise<ListeningChild> {
  prepareDataDir(dataDir);
  const child = spawnServer(scope, settingsOf(dataDir, env));
  const [, url = ""] = await child.says(/listens on (\S+)\n/);
  const client = clientOf(url, CHILD_KEY);
  return Object.assign(child, { url, request: client.request, as: client.as });
}

/** A command's output and exit code. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `signalbox …` on a data directory until it exits. `input` is its standard input. */
export async function runSignalbox(
  dataDir: string,
  words: readonly string[],
  { input = "", env = {} }: { readonly input?: string; readonly env?: ChildEnvironment } = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [MAIN, ...words], {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: COMPILE_CACHE, SIGNALBOX_DATA_DIR: dataDir, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  child.stdin.on("error", () => undefined); // the command may exit without reading its input
  child.stdin.end(input);
  const { code } = await within(exitOf(child), `the exit of signalbox ${words.join(" ")}`, 60_000);
  const [stdout, stderr] = await output;
  return { code, stdout, stderr };
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal })));
}

function childOf(child: ChildProcess, exited: Promise<Exit>): Child {
  const written = { stdout: "", stderr: "" };
  const listeners = new Set<() => void>();
  const collect = (name: "stdout" | "stderr") => {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      written[name] += text;
      for (const listener of listeners) listener();
    });
  };
  collect("stdout");
  collect("stderr");
  return {
    get stdout() {
      return written.stdout;
    },
    get stderr() {
      return written.stderr;
    },
    async says(pattern) {
      const { promise, give } = signalled<RegExpExecArray>(`${pattern} on standard output`);
      const look = () => {
        const match = pattern.exec(written.stdout);
        if (match !== null) give(match);
      };
      listeners.add(look);
      look();
      const ended = exited.then(({ code }) => {
        throw new Error(`the server exited with ${code}: ${written.stderr}`);
      });
      try {
        return await Promise.race([promise, ended]);
      } finally {
        listeners.delete(look);
        ended.catch(() => undefined);
        promise.catch(() => undefined);
      }
    },
    signal: (name) => void child.kill(name),
    exited,
  };
}
