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
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly test: boolean;
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

  constructor(handler: ListenHandler, results: Results, tell: (status: ListenStatus) => void) {
    this.#handler = handler;
    this.#results = results;
    this.#tell = tell;
  }

  start(data: AttemptData): void {
    const controller = new AbortController();
    const request = requestOf(data, controller.signal);
    this.#tell({ kind: "attemptStarted", request });
    const done = this.#make(data.token, request, controller);
    this.#running.set(data.token, { request, controller, done });
  }

  /** The server waits no longer for this attempt. */
  over(token: string): void {
    this.#drop(token, "deadline");
  }

  /** The stream is lost, and with it all attempts. */
  lost(): void {
    for (const token of [...this.#running.keys()]) this.#drop(token, "lost");
  }

  /** Resolves when all attempts that run now have ended. */
  async ended(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  #drop(token: string, reason: "deadline" | "lost"): void {
    const running = this.#running.get(token);
    if (running === undefined) return;
    this.#running.delete(token);
    this.#tell({ kind: "attemptOver", request: running.request, reason });
    running.controller.abort();
  }

  async #make(token: string, request: ListenRequest, controller: AbortController): Promise<void> {
    const startedAt = performance.now();
    const answer = await this.#answer(request, controller);
    const latencyMs = Math.round(performance.now() - startedAt);
    if (!this.#running.has(token)) return; // it is over
    const accepted = await this.#results.send(token, answer);
    if (this.#running.delete(token)) this.#tell({ kind: "attemptEnded", request, answer, accepted, latencyMs });
  }

  /** The handler's answer, or that it took too long. The server would conclude the same a moment later. */
  async #answer(request: ListenRequest, controller: AbortController): Promise<ListenAnswer> {
    const { timeoutMs } = request;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<ListenAnswer>((resolve) => {
      timer = setTimeout(() => {
        resolve({ failure: "response_timeout", detail: `there was no response within ${timeoutMs} ms` });
        controller.abort();
      }, timeoutMs);
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
      return { status: 500, body: error instanceof Error ? error.message : String(error) };
    }
  }
}

function requestOf(data: AttemptData, signal: AbortSignal): ListenRequest {
  return {
    deliveryId: data.delivery_id,
    eventId: data.event_id,
    eventType: data.event_type,
    attemptNumber: data.attempt_number,
    headers: data.headers,
    body: data.body,
    timeoutMs: data.timeout_ms,
    deadlineAt: new Date(data.deadline_at),
    isTest: data.test,
    signal,
  };
}
