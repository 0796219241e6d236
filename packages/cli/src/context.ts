/** What a running command has: the client, the settings, the output, and the terminal. */
import { Signalbox } from "../../sdk/src/index.ts";
import type { Terminal } from "./commands/listen/screen/terminal.ts";
import { EXIT, Failure, usage } from "./failure.ts";
import { fetchOverHttp } from "./http-fetch.ts";
import { type Mode, Output, type Writable } from "./output/output.ts";
import { readBounded } from "./read-bounded.ts";
import { type Connection, type ConnectionFlags, connectionOf } from "./settings/connection.ts";
import type { Environment } from "./settings/files.ts";
import { findProject, type Project } from "./settings/project.ts";
import { Settings } from "./settings/settings.ts";

type Chunks = AsyncIterable<Uint8Array | string>;

interface Input extends Chunks {
  readonly isTTY?: boolean | undefined;
  /** Of a stream. */
  readonly iterator?: (options: { readonly destroyOnReturn: boolean }) => Chunks;
}

/** Where the program runs: the process, or a test. */
export interface Surroundings {
  readonly version: string;
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  /** The working folder. */
  readonly folder: string;
  readonly stdin: Input;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** To draw on; null or absent when there is none. */
  readonly terminal?: Terminal | null;
  /** Ctrl-C, SIGTERM, SIGHUP or SIGQUIT aborts it. */
  readonly signal: AbortSignal;
  /** Runs before Ctrl-C, SIGTERM, SIGHUP or SIGQUIT ends the process. */
  readonly onInterrupt: (clean: () => void | Promise<void>) => void;
}

export interface Flags extends ConnectionFlags {
  readonly mode: Mode;
}

export class Context {
  readonly version: string;
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly folder: string;
  readonly flags: Flags;
  readonly out: Output;
  readonly settings: Settings;
  /** Pass it to every call that can take long. */
  readonly signal: AbortSignal;
  readonly onInterrupt: Surroundings["onInterrupt"];
  readonly #surroundings: Surroundings;
  #connection: Connection | null = null;
  #client: Signalbox | null = null;
  #project: Project | null | undefined;
  /** The origin of the last response, which can be unusable. */
  answeredBy: string | null = null;
  /** As `fetch`. For every client of a server. */
  readonly fetch: typeof fetch = async (...request) => {
    const response = await fetchOverHttp(...request);
    this.answeredBy = new URL(String(request[0])).origin;
    return response;
  };

  constructor(surroundings: Surroundings, flags: Flags) {
    const { version, env, platform, folder, stdout, stderr, signal, onInterrupt } = surroundings;
    this.version = version;
    this.env = env;
    this.platform = platform;
    this.folder = folder;
    this.flags = flags;
    this.out = new Output(flags.mode, stdout, stderr, env);
    this.settings = new Settings(env, platform);
    this.signal = signal;
    this.onInterrupt = onInterrupt;
    this.#surroundings = surroundings;
  }

  /**
   * The client of the server that the flags, the environment, the project or the profile name.
   *
   * @throws Failure when nobody is signed in
   */
  get client(): Signalbox {
    const { url, apiKey, tenant } = this.connection;
    this.#client ??= new Signalbox({ url, apiKey, fetch: this.fetch, ...(tenant !== null && { tenant }) });
    return this.#client;
  }

  get connection(): Connection {
    this.#connection ??= connectionOf({
      flags: this.flags,
      env: this.env,
      project: this.project,
      config: this.settings.config(),
      credentials: this.settings.credentials(),
    });
    return this.#connection;
  }

  /** The server's URL if it is known already, for the message of a failure. */
  get knownUrl(): string | null {
    return this.#connection?.url ?? null;
  }

  /** The project's `.signalbox.json`, or null. */
  get project(): Project | null {
    if (this.#project === undefined) this.#project = findProject(this.folder);
    return this.#project;
  }

  /** Whether there is a person to ask. A program that reads JSON is none. */
  get isInteractive(): boolean {
    const { stdin, stderr } = this.#surroundings;
    return stdin.isTTY === true && stderr.isTTY === true && this.out.mode === "people";
  }

  /** Whether standard output is a terminal that can be drawn on. */
  get isScreen(): boolean {
    return this.#surroundings.stdout.isTTY === true && this.env.TERM !== "dumb" && this.out.mode === "people";
  }

  /** The terminal to draw on; null when there is none. */
  get terminal(): Terminal | null {
    return this.isScreen ? (this.#surroundings.terminal ?? null) : null;
  }

  /** Standard input as it arrives. */
  get input(): Chunks {
    return this.#surroundings.stdin;
  }

  /** All of standard input. */
  async readInput(): Promise<Buffer> {
    const { stdin, stderr } = this.#surroundings;
    if (stdin.isTTY === true) stderr.write("Reading from the terminal; end with Ctrl-D.\n");
    return readBounded(stdin, "Standard input");
  }

  /**
   * Ask before something that cannot be undone. Without a terminal there is nobody to ask, so `--yes` has to answer.
   *
   * @throws Failure when the answer is no, or nobody can answer
   */
  async confirm(question: string): Promise<void> {
    if (!this.isInteractive) throw usage(`${question} There is no terminal to answer on: pass --yes`);
    const { stdin, stderr } = this.#surroundings;
    stderr.write(`${question} [y/N] `);
    // The input stays open: the list of `listen` reads its keys from it.
    for await (const chunk of stdin.iterator?.({ destroyOnReturn: false }) ?? stdin) {
      const answer = String(chunk).trim().toLowerCase();
      if (answer === "y" || answer === "yes") return;
      break;
    }
    throw new Failure(EXIT.cancelled, "NOT_CONFIRMED", "Nothing was changed.");
  }
}
