/** The stream of outcomes, opened again as often as needed. */
import { SignalboxError } from "./errors.ts";
import { answerError, type Transport } from "./http.ts";
import {
  RETRY_AFTER_SECONDS_MAX,
  STREAM_FAILURES_MAX,
  STREAM_RECONNECT_MS,
  STREAM_RECONNECT_MS_MAX,
  STREAM_SILENCE_MS,
} from "./limits.ts";
import { type SseEvent, SseParser } from "./sse.ts";
import type { Delivery } from "./types.ts";

/** Where a stream begins and when it ends. */
export interface StreamOptions {
  /** The id of the last event that was seen: what came after it comes first. */
  readonly lastEventId?: string | undefined;
  /** Ends the stream; the loop over it ends without an error. */
  readonly signal?: AbortSignal | undefined;
}

/** One outcome. */
export interface StreamEvent {
  /** Keep it, and a later stream can go on behind it. */
  readonly id: string;
  /** `delivery`. */
  readonly type: string;
  /** The delivery as a list shows it. */
  readonly data: Delivery;
}

/**
 * Follow the outcomes of deliveries.
 *
 * A connection that ends, or is silent for three of the server's heartbeats, is opened again behind the last event.
 *
 * @throws {SignalboxError} when the server refuses, or cannot be reached `STREAM_FAILURES_MAX` times running
 */
export async function* stream(
  transport: Transport,
  options: StreamOptions,
): AsyncGenerator<StreamEvent, void, undefined> {
  const place: Place = {
    lastEventId: options.lastEventId ?? "",
    retryMs: STREAM_RECONNECT_MS,
    leastMs: 0,
    failures: 0,
  };
  while (!options.signal?.aborted) {
    const connection = new Connection(options.signal);
    try {
      yield* connection.read(transport, place);
    } catch (error) {
      if (options.signal?.aborted) return;
      noteFailure(place, error);
    } finally {
      connection.close();
    }
    await waitToReconnect(transport, place, options.signal);
  }
}

/** Where the stream stands, from one connection to the next. */
interface Place {
  lastEventId: string;
  retryMs: number;
  /** What the last refusal's `Retry-After` asked for. */
  leastMs: number;
  /** Connections running that brought nothing. */
  failures: number;
}

/** One HTTP answer, which ends with the caller's signal, after a silence, or by itself. */
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

  async *read(transport: Transport, place: Place): AsyncGenerator<StreamEvent, void, undefined> {
    this.#heard();
    const reader = (await this.#open(transport, place)).getReader();
    place.failures = 0;
    place.leastMs = 0;
    const decoder = new TextDecoder();
    const parser = new SseParser(place.lastEventId);
    for (;;) {
      this.#heard();
      const { done, value } = await reader.read();
      if (done) return;
      for (const event of parser.push(decoder.decode(value, { stream: true }))) {
        clearTimeout(this.#timer); // while the caller works on it, the silence is not the server's
        yield parsed(event);
        place.lastEventId = event.lastEventId;
      }
      place.retryMs = parser.retryMs ?? place.retryMs;
    }
  }

  #heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#abort, STREAM_SILENCE_MS);
  }

  async #open(transport: Transport, place: Place): Promise<ReadableStream<Uint8Array>> {
    const headers: Record<string, string> = { accept: "text/event-stream" };
    if (place.lastEventId !== "") headers["last-event-id"] = place.lastEventId;
    const response = await transport.open("/v1/stream", headers, this.#controller.signal);
    if (!response.ok) throw answerError(response, await response.text());
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
    if (isStream && response.body !== null) return response.body;
    const message = "The answer is not a stream of events; is this the address of a Signalbox server?";
    throw new SignalboxError({ status: response.status, code: "PROTOCOL_ERROR", message });
  }
}

function parsed(event: SseEvent): StreamEvent {
  try {
    return { id: event.lastEventId, type: event.type, data: JSON.parse(event.data) as Delivery };
  } catch (cause) {
    throw new SignalboxError({ status: 200, code: "PROTOCOL_ERROR", message: "An event's data is not JSON.", cause });
  }
}

/** Keep a failure that may pass; throw one that will not. */
function noteFailure(place: Place, error: unknown): void {
  place.failures++;
  const refused = error instanceof SignalboxError && !mayPass(error);
  if (refused || place.failures >= STREAM_FAILURES_MAX) throw asSignalboxError(error);
  const waitSeconds = error instanceof SignalboxError ? error.retryAfterSeconds : null;
  place.leastMs = Math.min(waitSeconds ?? 0, RETRY_AFTER_SECONDS_MAX) * 1000;
}

function mayPass({ status }: SignalboxError): boolean {
  return status === 429 || status >= 500;
}

function asSignalboxError(cause: unknown): SignalboxError {
  if (cause instanceof SignalboxError) return cause;
  return new SignalboxError({ status: 0, code: "NETWORK_ERROR", message: "The stream cannot be reached.", cause });
}

async function waitToReconnect(transport: Transport, place: Place, signal: AbortSignal | undefined): Promise<void> {
  const backoffMs = Math.min(place.retryMs * 2 ** Math.max(0, place.failures - 1), STREAM_RECONNECT_MS_MAX);
  const waitMs = Math.max(backoffMs, place.leastMs);
  try {
    await transport.wait(waitMs, signal);
  } catch (error) {
    if (!signal?.aborted) throw error; // an end that the caller asked for is no error
  }
}
