/** Request bodies while they arrive: bounded one by one, and in bytes all together. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Clock } from "../../ports/clock.ts";
import { type Problem, problem, Refusal, tooLarge } from "../errors/problem.ts";
import { BODY_BUFFERS_BYTES_MAX, OVERLOAD_RETRY_AFTER_SECONDS, PUBLIC_BODY_BUFFERS_BYTES_MAX } from "../http/limits.ts";

export type Received = (error: Error | null, bytes?: Buffer) => void;
export type Receive = (request: FastifyRequest, payload: IncomingMessage, done: Received) => void;

declare module "fastify" {
  interface FastifyInstance {
    readonly readBody: Receive;
  }
  interface FastifyRequest {
    /** The response of a request whose client waits for `100 Continue` before it sends the body. */
    expecting: ServerResponse | null;
  }
}

const TOO_SLOW_NOW: Problem = {
  ...problem(
    503,
    "OVERLOADED",
    "Too many request bodies arrive at once, and this one is among the slowest. Try again.",
  ),
  headers: { "retry-after": String(OVERLOAD_RETRY_AFTER_SECONDS) },
};

export function installBodyReader(app: FastifyInstance, clock: Pick<Clock, "monotonicMs">): void {
  app.decorateRequest("expecting", null);
  app.decorate("readBody", createBodyReader(clock));
}

export interface BufferLimits {
  /** Of callers with a key or a session. */
  readonly callers: number;
  /** Of everybody else. */
  readonly others: number;
}

/** Read bodies. When those that arrive hold too many bytes, the slowest of them is refused. */
export function createBodyReader(
  clock: Pick<Clock, "monotonicMs">,
  bytesMax: BufferLimits = { callers: BODY_BUFFERS_BYTES_MAX, others: PUBLIC_BODY_BUFFERS_BYTES_MAX },
): Receive {
  // Apart, so that nobody without a key can get in the way of somebody with one.
  const callers = new Pool(clock, bytesMax.callers);
  const others = new Pool(clock, bytesMax.others);
  return (request, payload, done) => {
    const { "content-length": length } = request.headers;
    const limit = request.routeOptions.bodyLimit;
    const announced = length === undefined ? null : Number(length);
    if (announced !== null && announced > limit) {
      done(tooLargeFor(limit));
      return;
    }
    // Only now: a client that asks first is not to send what would be refused unread.
    request.expecting?.writeContinue();
    new Body(request.caller === null ? others : callers, clock.monotonicMs(), announced, limit, done).read(payload);
  };
}

const tooLargeFor = (bytesMax: number): Refusal =>
  new Refusal(tooLarge({ field: "body", rule: `must be at most ${bytesMax} bytes` }));

/** What arrives at the same time, and what it holds of memory. */
class Pool {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #bytesMax: number;
  readonly #bodies = new Set<Body>();
  #bytes = 0;

  constructor(clock: Pick<Clock, "monotonicMs">, bytesMax: number) {
    this.#clock = clock;
    this.#bytesMax = bytesMax;
  }

  /** A body is going to hold so many bytes more. */
  grow(body: Body, bytes: number): void {
    this.#bodies.add(body);
    this.#bytes += bytes;
    while (this.#bytes > this.#bytesMax) this.#slowest().refuse(new Refusal(TOO_SLOW_NOW));
  }

  leave(body: Body, bytes: number): void {
    if (this.#bodies.delete(body)) this.#bytes -= bytes;
  }

  /** By what has arrived of each in its time: whoever sends and stalls holds memory for nothing. */
  #slowest(): Body {
    const now = this.#clock.monotonicMs();
    let slowest: Body | undefined;
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

class Body {
  arrivedBytes = 0;
  readonly startedMs: number;
  readonly #pool: Pool;
  readonly #announced: number | null;
  readonly #limit: number;
  readonly #done: Received;
  #payload: IncomingMessage | null = null;
  /** The first piece alone, as most bodies are; else what has arrived, with room for more behind it. */
  #buffer: Buffer | null = null;
  /** What the pool counts of it. */
  #heldBytes = 0;

  constructor(pool: Pool, startedMs: number, announced: number | null, limit: number, done: Received) {
    this.#pool = pool;
    this.startedMs = startedMs;
    this.#announced = announced;
    this.#limit = limit;
    this.#done = done;
  }

  read(payload: IncomingMessage): void {
    this.#payload = payload;
    payload.on("data", this.#add).on("end", this.#finish).on("error", this.refuse);
  }

  readonly #add = (chunk: Buffer): void => {
    const had = this.arrivedBytes;
    this.arrivedBytes += chunk.length;
    if (this.arrivedBytes > this.#limit) {
      this.refuse(tooLargeFor(this.#limit));
    } else if (this.#buffer === null) {
      this.#buffer = chunk;
      // A body that came in one piece is over in this turn of the event loop.
      if (this.arrivedBytes !== this.#announced) this.#hold(chunk.length);
    } else {
      this.#makeRoom(this.#buffer, had);
      // Null when it was the slowest itself.
      this.#buffer?.set(chunk, had);
    }
  };

  /** Copied together at once: a body in pieces of one byte would take two hundred times its length. */
  #makeRoom(buffer: Buffer, had: number): void {
    if (this.arrivedBytes <= buffer.length) return;
    const capacity = Math.min(this.#announced ?? this.#limit, Math.max(this.arrivedBytes, 2 * buffer.length));
    this.#buffer = Buffer.allocUnsafeSlow(capacity);
    this.#buffer.set(buffer.subarray(0, had));
    this.#hold(capacity);
  }

  #hold(bytes: number): void {
    const more = bytes - this.#heldBytes;
    this.#heldBytes = bytes;
    this.#pool.grow(this, more);
  }

  readonly #finish = (): void => {
    this.#leave();
    this.#done(null, this.#buffer?.subarray(0, this.arrivedBytes) ?? Buffer.alloc(0));
  };

  readonly refuse = (error: Error): void => {
    this.#leave();
    this.#buffer = null;
    this.#done(error);
  };

  /** Nothing more is kept of what arrives. */
  #leave(): void {
    this.#payload?.off("data", this.#add).off("end", this.#finish).off("error", this.refuse);
    this.#pool.leave(this, this.#heldBytes);
  }
}
