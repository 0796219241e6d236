/** A whole server in a process of its own, for tests of how it starts, stops and dies. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { signalled, within } from "./deadline.ts";
import { type Client, clientOf, type Scope } from "./server.ts";

const MAIN = path.join(import.meta.dirname, "../../src/main.js");
/** The key of every child's first tenant, unless a test wants a made up one. */
export const CHILD_KEY = `sb_live_${"fedcba9876543210".repeat(3)}`;

/** What one child compiled serves the next: a start costs half of the processor's time. */
const COMPILE_CACHE = process.env.NODE_COMPILE_CACHE ?? ownCompileCache();

/** Where the whole suite has none. */
function ownCompileCache(): string {
  const dir = mkdtempSync(path.join(tmpdir(), "signalbox-test-compiled-"));
  process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export type ChildEnvironment = Readonly<Record<string, string>>;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child, whether or not it comes so far as to listen. */
export interface Child {
  /** What it has written so far. */
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

export async function newDataDir(scope: Scope): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), "signalbox-test-"));
  scope.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Start a server with these settings and no others, but for a free port and silence. */
export function spawnServer(scope: Scope, env: ChildEnvironment): Child {
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env.PATH, PORT: "0", LOG_LEVEL: "silent", NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = within(exitOf(child), "the server's end", 60_000);
  exited.catch(() => undefined);
  scope.after(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  return childOf(child, exited);
}

/** Start a server that may send to loopback, and wait until it listens. */
export async function startChild(scope: Scope, dataDir: string, env: ChildEnvironment = {}): Promise<ListeningChild> {
  const child = spawnServer(scope, {
    SIGNALBOX_DATA_DIR: dataDir,
    SIGNALBOX_API_KEY: CHILD_KEY,
    SIGNALBOX_ALLOW_HTTP: "true",
    SIGNALBOX_ALLOW_NETWORKS: "127.0.0.0/8",
    ...env,
  });
  const [, url = ""] = await child.says(/listens on (\S+)\n/);
  const client = clientOf(url, CHILD_KEY);
  return Object.assign(child, { url, request: client.request, as: client.as });
}

/** What a command said, and how it ended. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Run `signalbox …` over a data directory, to its end; `input` is its standard input. */
export async function runSignalbox(
  dataDir: string,
  words: readonly string[],
  { input = "", env = {} }: { readonly input?: string; readonly env?: ChildEnvironment } = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [MAIN, ...words], {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: COMPILE_CACHE, SIGNALBOX_DATA_DIR: dataDir, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  child.stdin.on("error", () => undefined); // it may end without having read
  child.stdin.end(input);
  const { code } = await within(exitOf(child), `the end of signalbox ${words.join(" ")}`, 60_000);
  const [stdout, stderr] = await said;
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
        throw new Error(`the server ended with ${code}: ${written.stderr}`);
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
