/** The real server in a separate process, with settings that allow endpoints on the same machine. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import type { Readable } from "node:stream";
import { databaseBytes, databaseSettings, largestTables, noteEmpty, type TableSize } from "../postgres/database.ts";
import { end, killAtExit, makeDataDir } from "./children.ts";
import { cpuMs, memoryMb, ProportionalPeak } from "./cpu.ts";

/** The server, called with one API key. */
export interface Account {
  readonly port: number;
  readonly apiKey: string;
  /** @throws Error on any answer that is not 2xx */
  call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
}

export interface Signalbox extends Account, AsyncDisposable {
  readonly pid: number;
  /** The time from the start of the process until it listened. */
  readonly startMs: number;
  /** Resident memory now, and its peak. NaN if the system does not report it. */
  residentMb(): number;
  peakMb(): number;
  /** The peak of its proportional memory, twice a second. */
  proportionalPeakMb(): number;
  /** Processor time of all threads since the start. NaN if the system does not report it. */
  cpuMs(): number;
  readonly dataDir: string;
  /** The size of the store's files, or by how much the database has grown. */
  storedBytes(): Promise<number>;
  /** Of a database. */
  largestTables(): Promise<readonly TableSize[]>;
  /** The size of the write-ahead log. */
  walMb(): number;
  /** How many attempts have ended since the start. */
  attempts(): Promise<number>;
  /** Creates another tenant. Returns the server, called with that tenant's key. */
  newTenant(name: string): Promise<Account>;
  /** Stops the server as an operator does. The write-ahead log is then part of the database file. */
  stop(): Promise<void>;
}

export interface SignalboxOptions {
  /** By default a directory of its own, which is removed with the server. */
  readonly dataDir?: string;
  /** The folder for a CPU profile of each thread. Null: do not profile. */
  readonly profileDir: string | null;
  /** The checkout whose server to start; this one by default. */
  readonly root?: string;
  /** Whether every attempt is answered in the server itself, without a request. */
  readonly answers?: true;
}

const ROOT = path.join(import.meta.dirname, "../..");
const ANSWERING = "bench/tab/answering-server.ts";
const API_KEY = `sb_live_${"0123456789abcdef".repeat(3)}`;
/** The user who signs in to the console. */
export const ADMIN = { email: "bench@example.com", password: "correct horse battery" } as const;
const START_MS_MAX = 15_000;

export async function startSignalbox(options: SignalboxOptions): Promise<Signalbox> {
  const { profileDir, root = ROOT } = options;
  const main = options.answers ? ANSWERING : mainIn(root);
  const ownDir = options.dataDir === undefined ? makeDataDir() : null;
  const dataDir = options.dataDir ?? ownDir?.path ?? "";
  const profiling = profileDir === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileDir}`];
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...profiling, main], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      MALLOC_ARENA_MAX: "1", // as `npm start` sets it
      HOST: "127.0.0.1",
      PORT: "0",
      LOG_LEVEL: options.answers ? "warn" : "info",
      SIGNALBOX_DATA_DIR: dataDir,
      ...(await databaseSettings(dataDir)),
      SIGNALBOX_API_KEY: API_KEY,
      SIGNALBOX_ADMIN_EMAIL: ADMIN.email,
      SIGNALBOX_ADMIN_PASSWORD: ADMIN.password,
      SIGNALBOX_ALLOW_HTTP: "true",
      SIGNALBOX_ALLOW_NETWORKS: "127.0.0.0/8",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  killAtExit(child);
  const proportional = new ProportionalPeak(child);
  const port = await announcedPort(child);
  const startMs = performance.now() - startedAt;
  await noteEmpty(dataDir);
  const account = accountOf(port, API_KEY);
  return {
    ...account,
    pid: child.pid ?? 0,
    startMs,
    residentMb: () => memoryMb(child.pid, "VmRSS"),
    peakMb: () => memoryMb(child.pid, "VmHWM"),
    proportionalPeakMb: () => proportional.mb,
    cpuMs: () => cpuMs(child.pid),
    dataDir,
    storedBytes: async () =>
      (await databaseBytes(dataDir)) ?? sizeOf(`${dataDir}/signalbox.db`) + sizeOf(`${dataDir}/signalbox.db-wal`),
    largestTables: () => largestTables(dataDir),
    walMb: () => sizeOf(`${dataDir}/signalbox.db-wal`) / 2 ** 20,
    attempts: () => attemptsOf(port),
    async newTenant(name) {
      const { api_key } = await account.call("POST", "/v1/tenants", { name });
      return accountOf(port, String(api_key));
    },
    stop: () => end(child, "SIGTERM"),
    // SIGKILL, because a normal stop would wait for attempts to silent receivers.
    async [Symbol.asyncDispose]() {
      await end(child, "SIGKILL");
      ownDir?.[Symbol.dispose]();
    },
  };
}

async function attemptsOf(port: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization: `Bearer ${API_KEY}` } });
  const counts = (await response.text()).matchAll(/^signalbox_attempts_total\{.*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Versions before 0.2.0 start with `main.ts`. */
function mainIn(root: string): string {
  return existsSync(path.join(root, "src/main.js")) ? "src/main.js" : "src/main.ts";
}

function accountOf(port: number, apiKey: string): Account {
  return {
    port,
    apiKey,
    async call(method, where, body) {
      const answer = await fetch(`http://127.0.0.1:${port}${where}`, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${where} → ${answer.status} ${text}`);
      return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
    },
  };
}

const LISTENS = /listens on http:\/\/127\.0\.0\.1:(\d+)\n/;

/** The port in the server's first line of output. The rest of the output is read and discarded. */
function announcedPort({ stdout }: ChildProcessByStdio<null, Readable, null>): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = "";
    const late = setTimeout(() => reject(new Error("the server did not start")), START_MS_MAX);
    const listen = (chunk: Buffer): void => {
      said += chunk.toString("latin1");
      const port = LISTENS.exec(said)?.[1];
      if (port === undefined) return;
      clearTimeout(late);
      stdout.off("data", listen).resume();
      resolve(Number(port));
    };
    stdout.on("data", listen);
    stdout.once("end", () => reject(new Error("the server ended by itself")));
  });
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

interface EndpointBody {
  readonly name: string;
  readonly url: string;
  readonly event_types: readonly string[];
  readonly retry_schedule_seconds?: readonly number[];
  readonly rate_limit_per_second?: number;
  readonly max_in_flight?: number;
}

/** Returns the endpoint's id. */
export async function createEndpoint(server: Account, body: EndpointBody): Promise<string> {
  const { id } = await server.call("POST", "/v1/endpoints", body);
  return String(id);
}

/**
 * Endpoints for the load, with one event type each, so that an event goes to exactly one of them. There are eight,
 * because by default each has at most 32 attempts in flight.
 */
export async function createEndpoints(server: Signalbox, url: string): Promise<readonly string[]> {
  const types = Array.from({ length: 8 }, (_, index) => `bench.${index}`);
  for (const type of types) await createEndpoint(server, { name: type, url, event_types: [type] });
  return types;
}
