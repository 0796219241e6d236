/** The stream of outcomes, which reconnects as often as needed. */
import { SignalboxError } from "./errors.ts";
import { type Query, responseError, type Transport } from "./http.ts";
import {
  RETRY_AFTER_SECONDS_MAX,
  STREAM_FAILURES_MAX,
  STREAM_RECONNECT_MS,
  STREAM_RECONNECT_MS_MAX,
  STREAM_SILENCE_MS,
} from "./limits.ts";
import type { PauseStatus } from "./pauses/pause.ts";
import { type SseEvent, SseParser } from "./sse.ts";
import type { Delivery, DeliveryStatus, ExportProgress } from "./types.ts";

/** Options for a stream. */
export interface StreamOptions {
  /** The id of the last event that you have seen. The stream starts after it. */
  readonly lastEventId?: string | undefined;
  /** Only outcomes of this endpoint. */
  readonly endpointId?: string | undefined;
  /** Only outcomes that put their delivery into one of these states. */
  readonly status?: readonly DeliveryStatus[] | undefined;
  /** How many connections in a row may fail before the stream throws. Default: 10; `Infinity` never gives up. */
  readonly failuresMax?: number | undefined;
  /** Ends the stream. The loop over it ends without an error. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called when a connection is open, and with false when it is lost and will be opened again. With `lastEventId`, a
   * stream resumes here; it is empty if it is not known.
   */
  readonly onConnection?: ((open: boolean, lastEventId: string) => void) | undefined;
}

/** What a stream can tell about. */
export type StreamTopic = "delivery" | "event" | "endpoint" | "pause" | "inbound" | "job" | "export" | "status";

/** Options for a stream of several topics. */
export interface FollowOptions extends StreamOptions {
  readonly topics: readonly StreamTopic[];
  /** The stream leaves out what is more than this of a topic, and says so with `skipped`. */
  readonly maxPerSecond?: number | undefined;
}

/** An event of the stream: the outcome of a delivery. */
export interface StreamEvent {
  /** The event's id. Store it to resume the stream after this event. */
  readonly id: string;
  /** `delivery`. */
  readonly type: string;
  /** The delivery in the form of a list row. */
  readonly data: Delivery;
}

/** An event of a stream of several topics. Only outcomes can be resumed; the others tell you to read again. */
export type FollowedEvent =
  | { readonly type: "delivery"; readonly id: string; readonly data: Delivery }
  | { readonly type: "event"; readonly data: { readonly event_id: string; readonly event_type: string } }
  | {
      readonly type: "endpoint";
      readonly data: {
        readonly endpoint_id: string;
        readonly change: "created" | "changed" | "disabled" | "deleted";
      };
    }
  | { readonly type: "pause"; readonly data: { readonly pause_id: string; readonly status: PauseStatus } }
  | {
      readonly type: "inbound";
      readonly data: { readonly id: string; readonly source_id: string | null; readonly valid: boolean };
    }
  | {
      readonly type: "job";
      readonly data: {
        readonly job_id: string;
        readonly state: string;
        readonly done: number;
        readonly total: number | null;
      };
    }
  | { readonly type: "export"; readonly data: ExportProgress }
  | { readonly type: "status"; readonly data: { readonly ready: boolean; readonly reason: string | null } }
  /** Read again what you know of these topics. `count` does not include events that were lost between nodes. */
  | { readonly type: "skipped"; readonly data: { readonly count: number; readonly topics: readonly StreamTopic[] } };

/**
 * Follow the outcomes of deliveries, and other topics.
 *
 * When a connection ends, or is silent for three of the server's heartbeats, the stream reconnects and continues after
 * the last event.
 *
 * @throws {SignalboxError} when the server refuses, or after `failuresMax` consecutive failures
 */
export async function* stream<Event extends StreamEvent | FollowedEvent>(
  transport: Transport,
  options: StreamOptions & Partial<FollowOptions>,
): AsyncGenerator<Event, void, undefined> {
  const query = queryOf(options);
  const position: Position = {
    lastEventId: options.lastEventId ?? "",
    retryMs: STREAM_RECONNECT_MS,
    leastMs: 0,
    failures: 0,
    failuresMax: options.failuresMax ?? STREAM_FAILURES_MAX,
  };
  while (!options.signal?.aborted) {
    const connection = new Connection(options.signal);
    try {
      yield* connection.read<Event>(transport, query, position, () =>
        options.onConnection?.(true, position.lastEventId),
      );
    } catch (error) {
      if (options.signal?.aborted) return;
      noteFailure(position, error);
    } finally {
      connection.close();
    }
    options.onConnection?.(false, position.lastEventId);
    await waitToReconnect(transport, position, options.signal);
  }
}

/** The position of the stream across connections. */
interface Position {
  lastEventId: string;
  retryMs: number;
  /** The wait in the last refusal's `Retry-After`. */
  leastMs: number;
  /** Consecutive connections that failed. */
  failures: number;
  readonly failuresMax: number;
}

/** One HTTP response. It ends by itself, with the caller's signal, or after a silence. */
class Connection {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #abort = () => this.#controller.abort();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(caller: AbortSignal | undefined) {
    this.#caller = caller;
    caller?.addEventListener("abort", this.#abort);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener("abort", this.#abort);
    this.#controller.abort();
  }

  async *read<Event>(
    transport: Transport,
    query: Query,
    position: Position,
    onOpen: () => void,
  ): AsyncGenerator<Event, void, undefined> {
    this.#heard();
    const reader = (await this.#open(transport, query, position)).getReader();
    const decoder = new TextDecoder();
    const parser = new SseParser(position.lastEventId);
    for (let isFirst = true; ; isFirst = false) {
      this.#heard();
      const { done, value } = await reader.read();
      if (done && isFirst) throw new TypeError("the server closed the stream before it began");
      if (done) return;
      const events = parser.push(decoder.decode(value, { stream: true }));
      // The server begins with its position, from which on nothing is missing.
      if (isFirst) this.#began(position, events.length === 0 ? parser.lastEventId : position.lastEventId, onOpen);
      for (const event of events) {
        clearTimeout(this.#timer); // the time that the caller takes does not count as the server's silence
        yield parsed(event) as Event;
        position.lastEventId = event.lastEventId;
      }
      position.lastEventId = parser.lastEventId;
      position.retryMs = parser.retryMs ?? position.retryMs;
    }
  }

  #began(position: Position, lastEventId: string, onOpen: () => void): void {
    clearTimeout(this.#timer);
    Object.assign(position, { failures: 0, leastMs: 0, lastEventId });
    onOpen();
  }

  #heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#abort, STREAM_SILENCE_MS);
  }

  async #open(transport: Transport, query: Query, position: Position): Promise<ReadableStream<Uint8Array>> {
    const headers: Record<string, string> = { accept: "text/event-stream" };
    if (position.lastEventId !== "") headers["last-event-id"] = position.lastEventId;
    const response = await transport.open("/v1/stream", query, headers, this.#controller.signal);
    if (!response.ok) throw responseError(response, await response.text());
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
    if (isStream && response.body !== null) return response.body;
    const message = "The response is not an event stream; is this the address of a Signalbox server?";
    throw new SignalboxError({ status: response.status, code: "PROTOCOL_ERROR", message });
  }
}

function queryOf({ topics, endpointId, status, maxPerSecond }: Partial<FollowOptions>): Query {
  return {
    topics: topics?.join(","),
    endpoint_id: endpointId,
    status: status?.join(","),
    max_per_second: maxPerSecond,
  };
}

function parsed(event: SseEvent): { readonly id: string; readonly type: string; readonly data: unknown } {
  try {
    return { id: event.lastEventId, type: event.type, data: JSON.parse(event.data) };
  } catch (cause) {
    throw new SignalboxError({ status: 200, code: "PROTOCOL_ERROR", message: "An event's data is not JSON.", cause });
  }
}

/** Record a temporary failure, and throw a permanent one. */
function noteFailure(position: Position, error: unknown): void {
  position.failures++;
  const refused = error instanceof SignalboxError && !isTemporary(error);
  if (refused || position.failures >= position.failuresMax) throw asSignalboxError(error);
  const waitSeconds = error instanceof SignalboxError ? error.retryAfterSeconds : null;
  position.leastMs = Math.min(waitSeconds ?? 0, RETRY_AFTER_SECONDS_MAX) * 1000;
}

function isTemporary({ status }: SignalboxError): boolean {
  return status === 429 || status >= 500;
}

function asSignalboxError(cause: unknown): SignalboxError {
  if (cause instanceof SignalboxError) return cause;
  return new SignalboxError({ status: 0, code: "NETWORK_ERROR", message: "The stream cannot be reached.", cause });
}

async function waitToReconnect(
  transport: Transport,
  position: Position,
  signal: AbortSignal | undefined,
): Promise<void> {
  const backoffMs = Math.min(position.retryMs * 2 ** Math.max(0, position.failures - 1), STREAM_RECONNECT_MS_MAX);
  const waitMs = Math.max(backoffMs, position.leastMs);
  try {
    await transport.wait(waitMs, signal);
  } catch (error) {
    if (!signal?.aborted) throw error; // the caller's abort is not an error
  }
}
