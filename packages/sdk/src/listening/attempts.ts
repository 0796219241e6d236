/** The attempts that run now. */
import type { Results } from "./results.ts";
import type { ListenAnswer, ListenHandler, ListenRequest, ListenStatus } from "./types.ts";

/** The data of an `attempt`, as it stands on the wire. */
export interface AttemptData {
  readonly token: string;
  readonly delivery_id: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly attempt_number: number;
  readonly deadline_at: string;
  readonly timeout_ms: number;
  readonly max_in_flight: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly test: boolean;
}

/** An attempt that starts when another one has ended. */
interface Queued {
  readonly data: AttemptData;
  readonly at: number;
}

interface Running {
  readonly request: ListenRequest;
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

export class RunningAttempts {
  readonly #handler: ListenHandler;
  readonly #results: Results;
  readonly #tell: (status: ListenStatus) => void;
  readonly #running = new Map<string, Running>();
  #queue: Queued[] = [];
  /** The tokens of attempts whose handler runs, without tests. */
  readonly #handling = new Set<string>();

  constructor(handler: ListenHandler, results: Results, tell: (status: ListenStatus) => void) {
    this.#handler = handler;
    this.#results = results;
    this.#tell = tell;
  }

  /** The server sends more than may run at a time. It counts their timeouts from their start, and tests start at once. */
  take(data: AttemptData): void {
    if (data.test) {
      this.#start(data, 0);
    } else {
      this.#queue.push({ data, at: performance.now() });
      this.#startNext();
    }
  }

  #startNext(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (this.#handling.size >= next.data.max_in_flight) return;
      this.#queue.shift();
      this.#handling.add(next.data.token);
      this.#start(next.data, performance.now() - next.at);
    }
  }

  #start(data: AttemptData, waitedMs: number): void {
    const controller = new AbortController();
    const request = requestOf(data, waitedMs, controller.signal);
    this.#tell({ kind: "attemptStarted", request });
    const done = this.#make(data.token, request, controller);
    this.#running.set(data.token, { request, controller, done });
  }

  #handled(token: string): void {
    if (this.#handling.delete(token)) this.#startNext();
  }

  /** The server waits no longer for this attempt. */
  over(token: string): void {
    this.#drop(token, "deadline");
  }

  /** The stream is lost, and with it all attempts. */
  lost(): void {
    this.#queue = [];
    for (const token of [...this.#running.keys()]) this.#drop(token, "lost");
  }

  /** Start nothing more. Resolves when all attempts that run now have ended; the next reader gets the others. */
  async ended(): Promise<void> {
    this.#queue = [];
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  #drop(token: string, reason: "deadline" | "lost"): void {
    const running = this.#running.get(token);
    if (running === undefined) return;
    this.#running.delete(token);
    this.#tell({ kind: "attemptOver", request: running.request, reason });
    running.controller.abort();
    this.#handled(token);
  }

  async #make(token: string, request: ListenRequest, controller: AbortController): Promise<void> {
    const startedAt = performance.now();
    const answer = await this.#answer(request, controller);
    this.#handled(token);
    const latencyMs = Math.round(performance.now() - startedAt);
    if (!this.#running.has(token)) return; // it is over
    const accepted = await this.#results.send(token, answer);
    if (this.#running.delete(token)) this.#tell({ kind: "attemptEnded", request, answer, accepted, latencyMs });
  }

  /** The handler's answer, or that it took too long. The server would conclude the same a moment later. */
  async #answer(request: ListenRequest, controller: AbortController): Promise<ListenAnswer> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<ListenAnswer>((resolve) => {
      timer = setTimeout(() => {
        controller.abort();
        // The handler may still answer at once: it may have a status, and wait for the rest of a body.
        timer = setTimeout(() => resolve(tooLate(request)), 0);
      }, request.timeoutMs);
      request.signal.addEventListener("abort", () => clearTimeout(timer));
    });
    try {
      return await Promise.race([this.#handle(request), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #handle(request: ListenRequest): Promise<ListenAnswer> {
    try {
      // Not in the turn in which the stream was read: `start` has noted the attempt then.
      await undefined;
      return await this.#handler(request);
    } catch (error) {
      if (request.signal.aborted) return tooLate(request);
      return { status: 500, body: error instanceof Error ? error.message : String(error) };
    }
  }
}

function tooLate({ timeoutMs }: ListenRequest): ListenAnswer {
  return { failure: "response_timeout", detail: `there was no response within ${timeoutMs} ms` };
}

function requestOf(data: AttemptData, waitedMs: number, signal: AbortSignal): ListenRequest {
  return {
    deliveryId: data.delivery_id,
    eventId: data.event_id,
    eventType: data.event_type,
    attemptNumber: data.attempt_number,
    headers: data.headers,
    body: data.body,
    timeoutMs: data.timeout_ms,
    deadlineAt: new Date(Date.parse(data.deadline_at) + waitedMs),
    isTest: data.test,
    signal,
  };
}
