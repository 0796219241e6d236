/** Buffers request bodies while they arrive. Each body has a limit, and so does the memory of all bodies together. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Clock } from "../../ports/clock.ts";
import { problem, Refusal, temporary, tooLarge } from "../errors/problem.ts";
import { BODY_BUFFERS_BYTES_MAX, OVERLOAD_RETRY_AFTER_SECONDS, PUBLIC_BODY_BUFFERS_BYTES_MAX } from "../http/limits.ts";

export type BodyCallback = (error: Error | null, bytes?: Buffer) => void;
export type ReadBody = (request: FastifyRequest, payload: IncomingMessage, done: BodyCallback) => void;

declare module "fastify" {
  interface FastifyInstance {
    readonly readBody: ReadBody;
  }
  interface FastifyRequest {
    /** The response to a client that waits for `100 Continue` before it sends the body. */
    expecting: ServerResponse | null;
  }
}

const TOO_SLOW = temporary(
  problem(
    503,
    "OVERLOADED",
    "Too many request bodies are arriving at the same time, and this one is among the slowest. Try again.",
  ),
  OVERLOAD_RETRY_AFTER_SECONDS,
);

export function installBodyReader(app: FastifyInstance, clock: Pick<Clock, "monotonicMs">): void {
  app.decorateRequest("expecting", null);
  app.decorate("readBody", createBodyReader(clock));
}

export interface BufferLimits {
  /** For the bodies of callers with a key or a session. */
  readonly callersBytesMax: number;
  /** For all other bodies. */
  readonly othersBytesMax: number;
}

/** Reads bodies. When the buffers exceed their limit, the reader refuses the slowest body. */
export function createBodyReader(
  clock: Pick<Clock, "monotonicMs">,
  { callersBytesMax, othersBytesMax }: BufferLimits = {
    callersBytesMax: BODY_BUFFERS_BYTES_MAX,
    othersBytesMax: PUBLIC_BODY_BUFFERS_BYTES_MAX,
  },
): ReadBody {
  // Two pools, so that clients without a key cannot affect clients with one.
  const callers = new BufferPool(clock, callersBytesMax);
  const others = new BufferPool(clock, othersBytesMax);
  return (request, payload, done) => {
    const { "content-length": length } = request.headers;
    const bytesMax = request.routeOptions.bodyLimit;
    const contentLength = length === undefined ? null : Number(length);
    if (contentLength !== null && contentLength > bytesMax) {
      done(tooLargeFor(bytesMax, contentLength));
      return;
    }
    // Not earlier: a client that waits for `100 Continue` should not send a body that the server refuses.
    request.expecting?.writeContinue();
    const pool = request.caller === null ? others : callers;
    new BodyBuffer(pool, { startedMs: clock.monotonicMs(), contentLength, bytesMax, done }).read(payload);
  };
}

/** @param bytes the size of the body, where the client has told it */
function tooLargeFor(bytesMax: number, bytes: number | null = null): Refusal {
  const over = bytes === null ? "" : `, and this one has ${bytes - bytesMax} more`;
  return new Refusal(tooLarge({ field: "body", rule: `must be at most ${bytesMax} bytes${over}` }));
}

/** The bodies that are arriving, and the memory that they use. */
class BufferPool {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #bytesMax: number;
  readonly #bodies = new Set<BodyBuffer>();
  #bytes = 0;

  constructor(clock: Pick<Clock, "monotonicMs">, bytesMax: number) {
    this.#clock = clock;
    this.#bytesMax = bytesMax;
  }

  /** Called before a body uses so many bytes more. */
  grow(body: BodyBuffer, bytes: number): void {
    this.#bodies.add(body);
    this.#bytes += bytes;
    while (this.#bytes > this.#bytesMax) this.#slowest().refuse(new Refusal(TOO_SLOW));
  }

  remove(body: BodyBuffer, bytes: number): void {
    if (this.#bodies.delete(body)) this.#bytes -= bytes;
  }

  /** The body with the lowest rate since it began: a client that stalls holds memory for nothing. */
  #slowest(): BodyBuffer {
    const now = this.#clock.monotonicMs();
    let slowest: BodyBuffer | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const body of this.#bodies) {
      const bytesPerMs = body.arrivedBytes / Math.max(1, now - body.startedMs);
      if (bytesPerMs >= least) continue;
      least = bytesPerMs;
      slowest = body;
    }
    if (slowest === undefined) throw new Error("bytes without a body");
    return slowest;
  }
}

interface BodyOptions {
  readonly startedMs: number;
  /** Null if the client did not send it. */
  readonly contentLength: number | null;
  readonly bytesMax: number;
  readonly done: BodyCallback;
}

class BodyBuffer {
  arrivedBytes = 0;
  readonly startedMs: number;
  readonly #pool: BufferPool;
  readonly #contentLength: number | null;
  readonly #bytesMax: number;
  readonly #done: BodyCallback;
  #payload: IncomingMessage | null = null;
  /** The first chunk, which usually is the whole body. Later, a buffer with spare capacity. */
  #buffer: Buffer | null = null;
  /** The bytes that the pool counts for this body. */
  #countedBytes = 0;

  constructor(pool: BufferPool, { startedMs, contentLength, bytesMax, done }: BodyOptions) {
    this.#pool = pool;
    this.startedMs = startedMs;
    this.#contentLength = contentLength;
    this.#bytesMax = bytesMax;
    this.#done = done;
  }

  read(payload: IncomingMessage): void {
    this.#payload = payload;
    payload.on("data", this.#add).on("end", this.#finish).on("error", this.refuse);
  }

  readonly #add = (chunk: Buffer): void => {
    const had = this.arrivedBytes;
    this.arrivedBytes += chunk.length;
    if (this.arrivedBytes > this.#bytesMax) {
      this.refuse(tooLargeFor(this.#bytesMax));
    } else if (this.#buffer === null) {
      this.#buffer = chunk;
      // A body in one chunk ends in this turn of the event loop, so the pool need not count it.
      if (this.arrivedBytes !== this.#contentLength) this.#count(chunk.length);
    } else {
      this.#reserve(this.#buffer, had);
      // Null if this body was the slowest, and has just been refused.
      this.#buffer?.set(chunk, had);
    }
  };

  /** Chunks are copied into one buffer: kept as they are, chunks of one byte would use 200 times the body's length. */
  #reserve(buffer: Buffer, had: number): void {
    if (this.arrivedBytes <= buffer.length) return;
    const capacity = Math.min(this.#contentLength ?? this.#bytesMax, Math.max(this.arrivedBytes, 2 * buffer.length));
    this.#buffer = Buffer.allocUnsafeSlow(capacity);
    this.#buffer.set(buffer.subarray(0, had));
    this.#count(capacity);
  }

  #count(bytes: number): void {
    const more = bytes - this.#countedBytes;
    this.#countedBytes = bytes;
    this.#pool.grow(this, more);
  }

  readonly #finish = (): void => {
    this.#detach();
    this.#done(null, this.#buffer?.subarray(0, this.arrivedBytes) ?? Buffer.alloc(0));
  };

  readonly refuse = (error: Error): void => {
    this.#detach();
    this.#buffer = null;
    this.#done(error);
  };

  /** Ignore the rest of the body. */
  #detach(): void {
    this.#payload?.off("data", this.#add).off("end", this.#finish).off("error", this.refuse);
    this.#pool.remove(this, this.#countedBytes);
  }
}
