/**
 * The server and the commands in the test's own process, for tests in which no process has to end. A child process costs
 * two seconds of CPU time for each server and half a second for each command.
 */
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { loadConfig } from "../../src/config.ts";
import { StartupError } from "../../src/domain/errors.ts";
import { command } from "../../src/program.ts";
import { startSignalbox } from "../../src/signalbox.ts";
import { prepareDataDir } from "../fixtures/empty-store.ts";
import { runHere as runThreadHere } from "../fixtures/threads-here.ts";
import { CHILD_KEY, type ChildEnvironment, endBeforeDeletion, type Finished, newDataDir, settingsOf } from "./child.ts";
import { type Client, clientOf, type Scope } from "./server.ts";

const ON_A_FREE_PORT = { PORT: "0", LOG_LEVEL: "silent" };

export interface ServerHere extends Client {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a server with the settings of `startChild`. */
export async function startHere(scope: Scope, dataDir: string, env: ChildEnvironment = {}): Promise<ServerHere> {
  prepareDataDir(dataDir);
  const config = loadConfig({ ...ON_A_FREE_PORT, ...settingsOf(dataDir, env) });
  const running = await startSignalbox(config, { startRunner: runThreadHere });
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closed ??= running.close();
    return closed;
  };
  endBeforeDeletion(dataDir, close);
  scope.after(close);
  return { ...clientOf(running.url, CHILD_KEY), url: running.url, close };
}

/** Runs `signalbox …` on a data directory. `input` is its standard input. */
export async function runHere(
  dataDir: string,
  words: readonly string[],
  { input = "", env = {} }: { readonly input?: string; readonly env?: ChildEnvironment } = {},
): Promise<Finished> {
  const written = { stdout: "", stderr: "" };
  const code = await command(words, {
    env: { SIGNALBOX_DATA_DIR: dataDir, ...env },
    readInput: () => Promise.resolve(input),
    print(text) {
      written.stdout += text;
    },
    printError(text) {
      written.stderr += text;
    },
  });
  return { code, ...written };
}

/** Starts a server with only these settings, which must be refused. Returns what the operator has to fix. */
export async function refusalOf(env: ChildEnvironment): Promise<string> {
  const starting = async () => startSignalbox(loadConfig({ ...ON_A_FREE_PORT, ...env }));
  const error: unknown = await starting().then(
    () => assert.fail("the server started"),
    (thrown: unknown) => thrown,
  );
  assert(error instanceof StartupError, String(error));
  return error.message;
}

/** A data directory that a server has initialized. The server has stopped. */
export async function initializedData(scope: Scope): Promise<string> {
  const dataDir = await newDataDir(scope);
  await (await startHere(scope, dataDir)).close();
  return dataDir;
}

export async function copyOfData(scope: Scope, dataDir: string): Promise<string> {
  const copy = await newDataDir(scope);
  await cp(dataDir, copy, { recursive: true });
  return copy;
}
