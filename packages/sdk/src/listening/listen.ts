/** Receive the deliveries of a listener over a stream, which reconnects for as long as it takes. */
import { SignalboxError } from "../errors.ts";
import { backoffMs, onePath, responseError, type Transport } from "../http.ts";
import {
  LISTEN_AHEAD_COUNT_MAX,
  LISTEN_DRAIN_MS,
  LISTEN_RECONNECT_MS_MAX,
  LISTEN_SILENCE_MS,
  RETRY_AFTER_SECONDS_MAX,
} from "../limits.ts";
import { SseParser } from "../sse.ts";
import type { EndpointStatus } from "../types.ts";
import { type AttemptData, RunningAttempts } from "./attempts.ts";
import { Results } from "./results.ts";
import type { ListenEnd, ListenHandler, ListenOptions } from "./types.ts";

/** The data of `open`, as it stands on the wire. */
interface OpenData {
  readonly name: string;
  readonly status: EndpointStatus;
  readonly waiting: { readonly count: number; readonly more: boolean };
  readonly waiting_since: string | null;
}

/** How one connection ended. Null: it broke, or the server stops. */
type StreamEnd = ListenEnd | null;

const ABORTED: ListenEnd = { reason: "aborted" };

/** @throws {SignalboxError} when the server refuses: the key, the listener's id, or a second reader */
export async function listen(transport: Transport, options: ListenOptions, handler: ListenHandler): Promise<ListenEnd> {
  return new Listening(transport, options, handler).run();
}

class Listening {
  readonly #transport: Transport;
  readonly #options: ListenOptions;
  readonly #attempts: RunningAttempts;
  readonly #results: Results;
  readonly #session = crypto.randomUUID();
  #hasConnected = false;
  /** Consecutive connections that failed. */
  #failures = 0;

  constructor(transport: Transport, options: ListenOptions, handler: ListenHandler) {
    this.#transport = transport;
    this.#options = options;
    this.#results = new Results(transport, options.listener);
    this.#attempts = new RunningAttempts(handler, this.#results, (status) => options.onStatus?.(status));
  }

  async run(): Promise<ListenEnd> {
    const { signal } = this.#options;
    while (!signal?.aborted) {
      const end = await this.#connect();
      if (end !== null) return end;
    }
    return ABORTED;
  }

  /** One connection, and the wait before the next one. */
  async #connect(): Promise<StreamEnd> {
    const { signal } = this.#options;
    const connection = new Connection(signal, () => this.#attempts.ended());
    let error: SignalboxError | null = null;
    try {
      const end = await this.#read(connection);
      if (end !== null) return end;
    } catch (thrown) {
      if (signal?.aborted) return ABORTED;
      error = asSignalboxError(thrown, connection.wasSilent);
      const end = this.#endOf(error);
      if (end !== null) return end;
    } finally {
      connection.close();
      this.#attempts.lost();
      this.#results.lost();
    }
    return signal?.aborted ? ABORTED : this.#wait(error);
  }

  async #read(connection: Connection): Promise<StreamEnd> {
    const reader = (await this.#open(connection)).getReader();
    const decoder = new TextDecoder();
    const parser = new SseParser("");
    for (;;) {
      connection.heard();
      const { done, value } = await reader.read();
      connection.checkAwake();
      if (done) return null;
      for (const { type, data } of parser.push(decoder.decode(value, { stream: true }))) {
        const end = this.#take(type, JSON.parse(data), connection);
        if (end !== undefined) return end;
      }
    }
  }

  async #open({ signal }: Connection): Promise<ReadableStream<Uint8Array>> {
    const { listener, reader, takeover = false } = this.#options;
    const path = `${onePath("/v1/listeners", listener)}/stream`;
    const takes = takeover && !this.#hasConnected;
    const query = { reader, session: this.#session, takeover: takes ? true : undefined, ahead: LISTEN_AHEAD_COUNT_MAX };
    const response = await this.#transport.open(path, query, { accept: "text/event-stream" }, signal);
    if (!response.ok) throw responseError(response, await response.text());
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
    if (isStream && response.body !== null) return response.body;
    const message = "The response is not an event stream; is this the address of a Signalbox server?";
    throw new SignalboxError({ status: response.status, code: "PROTOCOL_ERROR", message });
  }

  /** Returns how the stream ended; undefined while it goes on. */
  #take(type: string, data: unknown, connection: Connection): StreamEnd | undefined {
    switch (type) {
      case "open":
        this.#opened(data as OpenData);
        return undefined;
      case "attempt":
        // While it ends, a new attempt is left to the next reader.
        if (!connection.isEnding) this.#attempts.take(data as AttemptData);
        return undefined;
      case "over":
        this.#attempts.over((data as { token: string }).token);
        return undefined;
      case "displaced":
        return { reason: "displaced", by: (data as { by: string | null }).by };
      case "end":
        return endOf((data as { reason: string }).reason);
      default:
        return undefined; // of a newer server
    }
  }

  #opened({ name, status, waiting, waiting_since: since }: OpenData): void {
    const again = this.#hasConnected;
    this.#hasConnected = true;
    this.#failures = 0;
    const waitingSince = since === null ? null : new Date(since);
    this.#options.onStatus?.({ kind: "connected", name, status, waiting, waitingSince, again });
  }

  /**
   * What an error means. Null: try again.
   *
   * @throws when trying again would not help
   */
  #endOf(error: SignalboxError): ListenEnd | null {
    if (this.#hasConnected && error.code === "LISTENER_BUSY") {
      return { reason: "displaced", by: error.details[0]?.rule.split(" ")[0] ?? null };
    }
    if (this.#hasConnected && error.code === "ENDPOINT_NOT_FOUND") return { reason: "deleted" };
    const isTemporary = error.status === 0 || error.status === 408 || error.status === 429 || error.status >= 500;
    // A response without the server's code is a proxy's, while the server is away.
    if (isTemporary || (this.#hasConnected && error.code.startsWith("HTTP_"))) return null;
    throw error;
  }

  async #wait(error: SignalboxError | null): Promise<StreamEnd> {
    const { signal, onStatus } = this.#options;
    const leastMs = Math.min(error?.retryAfterSeconds ?? 0, RETRY_AFTER_SECONDS_MAX) * 1000;
    const inMs = Math.max(backoffMs(this.#failures, LISTEN_RECONNECT_MS_MAX), leastMs);
    this.#failures += 1;
    onStatus?.({ kind: "reconnecting", inMs: Math.round(inMs), error });
    try {
      await this.#transport.wait(inMs, signal);
      return null;
    } catch (thrown) {
      if (signal?.aborted) return ABORTED;
      throw thrown;
    }
  }
}

/** @throws when the key is no longer valid */
function endOf(reason: string): StreamEnd {
  if (reason === "deleted") return { reason };
  if (reason !== "unauthorized") return null;
  const message = "The key was revoked, or has expired, so the server ended the stream.";
  throw new SignalboxError({ status: 401, code: "UNAUTHORIZED", message });
}

/** One HTTP response. It ends by itself after a silence, and some time after the caller wants it to end. */
class Connection {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #abort = () => this.#controller.abort();
  readonly #end: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** By the wall clock: on many systems the monotonic one stands still while the machine sleeps. */
  #heardAt = 0;
  /** The caller wants it to end: nothing new starts. */
  isEnding = false;
  /** Nothing came for so long that the connection counts as dead. */
  wasSilent = false;

  /** @param drained resolves when what runs has ended */
  constructor(caller: AbortSignal | undefined, drained: () => Promise<void>) {
    this.#caller = caller;
    this.#end = () => {
      this.isEnding = true;
      const timer = setTimeout(this.#abort, LISTEN_DRAIN_MS);
      void drained().then(() => {
        clearTimeout(timer);
        this.#abort();
      });
    };
    caller?.addEventListener("abort", this.#end, { once: true });
    this.heard();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  heard(): void {
    clearTimeout(this.#timer);
    this.#heardAt = Date.now();
    this.#timer = setTimeout(() => {
      this.wasSilent = true;
      this.#abort();
    }, LISTEN_SILENCE_MS);
  }

  /**
   * What a machine finds when it wakes up, the server wrote long ago and has given to the next connection since.
   *
   * @throws when nothing was read for so long that the connection counts as dead
   */
  checkAwake(): void {
    if (Date.now() - this.#heardAt <= LISTEN_SILENCE_MS) return;
    this.wasSilent = true;
    throw new Error("asleep");
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener("abort", this.#end);
    this.#abort();
  }
}

function asSignalboxError(cause: unknown, wasSilent: boolean): SignalboxError {
  if (cause instanceof SignalboxError) return cause;
  const message = wasSilent
    ? `The server was silent for ${LISTEN_SILENCE_MS / 1000} s.`
    : "The connection to the server was lost.";
  return new SignalboxError({ status: 0, code: wasSilent ? "TIMEOUT" : "NETWORK_ERROR", message, cause });
}
