/** How to start a server. */
export interface ServerOptions {
  /** Environment variables, such as `{ PORT: "0" }`, in addition to those of this process. See the README's settings. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The folder that relative paths in the settings begin at. Default: that of this process. */
  readonly cwd?: string;
  /** Gets what the server prints. The first start prints the first password and API key, unless you set them. */
  readonly onOutput?: (text: string) => void;
}

export interface RunningServer {
  /** Where the server listens, without a trailing slash. */
  readonly url: string;
  /** Resolves with the exit code when the server has ended; null if a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Let the attempts in flight finish, and end the server. */
  stop(): Promise<void>;
}

/**
 * Start a server in a process of its own. It ends with this process, whatever ends this one.
 *
 * On a Node that is too old for the server, it runs on the Node that comes with the package.
 *
 * @throws {Error} with the server's own sentence when it cannot start
 */
export function startServer(options?: ServerOptions): Promise<RunningServer>;
