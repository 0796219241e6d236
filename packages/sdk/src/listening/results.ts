/** Sends the results of attempts: those that end while others are on their way go together. */
import { SignalboxError } from "../errors.ts";
import { onePath, type Transport } from "../http.ts";
import {
  RESULT_BODY_CHARS_MAX,
  RESULT_DETAIL_CHARS_MAX,
  RESULT_HEADERS_CHARS_MAX,
  RESULT_HEADERS_COUNT_MAX,
  RESULTS_COUNT_MAX,
  RESULTS_REQUESTS_COUNT_MAX,
} from "../limits.ts";
import type { ListenAnswer } from "./types.ts";

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
      const call = { method: "POST", path: this.#path, body, repeatable: true } as const;
      const { results } = (await this.#transport.call<Answered>(call)).body;
      for (const [index, { settle }] of batch.entries()) settle(results[index]?.accepted === true);
    } catch (error) {
      for (const { settle } of batch) settle(false);
      if (!(error instanceof SignalboxError)) throw error;
    }
  }
}

/** Within the bounds of the server, which stores less. */
function resultOf(token: string, answer: ListenAnswer): object {
  const timings = answer.timings === undefined ? {} : { timings: answer.timings };
  if ("failure" in answer) {
    const detail = (answer.detail ?? "").slice(0, RESULT_DETAIL_CHARS_MAX);
    return { token, classification: answer.failure, detail, ...timings };
  }
  const { status, headers = [], body = "" } = answer;
  return { token, status, headers: bounded(headers), body: body.slice(0, RESULT_BODY_CHARS_MAX), ...timings };
}

function bounded(headers: NonNullable<Extract<ListenAnswer, { status: number }>["headers"]>) {
  let chars = 0;
  return headers.slice(0, RESULT_HEADERS_COUNT_MAX).filter(([name, value]) => {
    chars += name.length + value.length;
    return chars <= RESULT_HEADERS_CHARS_MAX;
  });
}
