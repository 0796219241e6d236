/** Sends the results of attempts: those that end while others are on their way go together. */
import { SignalboxError } from "../errors.ts";
import { onePath, type Transport } from "../http.ts";
import {
  RESULT_BODY_CHARS_MAX,
  RESULT_DETAIL_CHARS_MAX,
  RESULT_HEADERS_CHARS_MAX,
  RESULT_HEADERS_COUNT_MAX,
  RESULT_TIMING_MS_MAX,
  RESULTS_COUNT_MAX,
  RESULTS_REQUESTS_COUNT_MAX,
  RESULTS_TIMEOUT_MS,
} from "../limits.ts";
import type { ListenAnswer, ListenTimings } from "./types.ts";

interface Waiting {
  readonly result: object;
  readonly settle: (accepted: boolean) => void;
}

interface Answered {
  readonly results: readonly { readonly accepted: boolean }[];
}

export class Results {
  readonly #transport: Transport;
  readonly #path: string;
  #waiting: Waiting[] = [];
  #requests = 0;
  #stream = new AbortController();

  constructor(transport: Transport, listener: string) {
    this.#transport = transport;
    this.#path = `${onePath("/v1/listeners", listener)}/results`;
  }

  /** Resolves to whether the result was in time. Never rejects: the server makes the attempt again if it needs to. */
  send(token: string, answer: ListenAnswer): Promise<boolean> {
    return new Promise((settle) => {
      this.#waiting.push({ result: resultOf(token, answer), settle });
      // Those that end in the same turn go together.
      queueMicrotask(() => this.#run());
    });
  }

  /**
   * The stream is lost, and the server takes none of these results any more. A request to a node that hangs must not keep
   * the results of the next stream waiting.
   */
  lost(): void {
    const message = "The stream was lost, and its results with it.";
    this.#stream.abort(new SignalboxError({ status: 0, code: "NETWORK_ERROR", message }));
    this.#stream = new AbortController();
    for (const { settle } of this.#waiting.splice(0)) settle(false);
  }

  #run(): void {
    while (this.#waiting.length > 0 && this.#requests < RESULTS_REQUESTS_COUNT_MAX) {
      this.#requests += 1;
      void this.#post(this.#waiting.splice(0, RESULTS_COUNT_MAX)).finally(() => {
        this.#requests -= 1;
        this.#run();
      });
    }
  }

  async #post(batch: readonly Waiting[]): Promise<void> {
    const body = JSON.stringify({ results: batch.map(({ result }) => result) });
    try {
      // A result that is sent twice is over the second time.
      const { results } = (
        await this.#transport.call<Answered>({
          method: "POST",
          path: this.#path,
          body,
          repeatable: true,
          timeoutMs: RESULTS_TIMEOUT_MS,
          signal: this.#stream.signal,
        })
      ).body;
      for (const [index, { settle }] of batch.entries()) settle(results[index]?.accepted === true);
    } catch (error) {
      for (const { settle } of batch) settle(false);
      if (!(error instanceof SignalboxError)) throw error;
    }
  }
}

/** Within the bounds of the server, which stores less. It would refuse the results that go together with another one. */
function resultOf(token: string, answer: ListenAnswer): object {
  const timings = answer.timings === undefined ? {} : { timings: boundedTimings(answer.timings) };
  if ("failure" in answer) {
    const detail = (answer.detail ?? "").slice(0, RESULT_DETAIL_CHARS_MAX);
    return { token, classification: answer.failure, detail, ...timings };
  }
  const { status, headers = [], body = "" } = answer;
  if (!Number.isInteger(status) || status < 100 || status > 599) {
    return { token, classification: "protocol_error", detail: `${status} is not an HTTP status`, ...timings };
  }
  return { token, status, headers: bounded(headers), body: body.slice(0, RESULT_BODY_CHARS_MAX), ...timings };
}

function boundedTimings(timings: ListenTimings): object {
  return Object.fromEntries(
    Object.entries(timings).map(([name, ms]) => [
      name,
      ms === null || ms === undefined ? null : Math.min(RESULT_TIMING_MS_MAX, Math.max(0, Math.round(ms))),
    ]),
  );
}

function bounded(headers: NonNullable<Extract<ListenAnswer, { status: number }>["headers"]>) {
  let chars = 0;
  return headers.slice(0, RESULT_HEADERS_COUNT_MAX).filter(([name, value]) => {
    chars += name.length + value.length;
    return chars <= RESULT_HEADERS_CHARS_MAX;
  });
}
