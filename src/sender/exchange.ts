/** One attempt on the wire: what undici reports, made into one outcome. */
import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import type { Outcome } from "../domain/delivery.ts";
import {
  ANSWER_BODY_BYTES_MAX,
  ANSWER_HEAD_BYTES_MAX,
  ANSWER_WIRE_BYTES_MAX,
  INTERIM_ANSWERS_MAX,
  RETRY_AFTER_CHARS_MAX,
  SNIPPET_FAILED_BYTES_MAX,
  SNIPPET_OK_BYTES_MAX,
} from "../domain/limits.ts";
import type { SendRequest } from "../ports/sender.ts";
import type { Connection, Occupant, Receiver } from "./connection.ts";
import type { Deadline, Deadlines } from "./deadlines.ts";
import { exchangeFailure, headTooLarge, isBroken, tooManyInterim, unreachable } from "./failures.ts";
import type { Pool } from "./pool.ts";
import { readSnippet } from "./snippet.ts";

const EMPTY = Buffer.alloc(0);

interface ExchangeTools {
  readonly pool: Pool;
  readonly deadlines: Deadlines<Exchange>;
}

export class Exchange implements Dispatcher.DispatchHandler, Deadline, Occupant {
  dueTick = 0;
  readonly #tools: ExchangeTools;
  readonly #receiver: Receiver;
  readonly #options: Dispatcher.DispatchOptions;
  readonly #timeoutMs: number;
  readonly #resolve: (outcome: Outcome) => void;
  #connection: Connection | null = null;
  #done = false;
  #retried = false;
  /** The request was written to a connection that had served before. */
  #reused = false;
  #answerBegun = false;
  #interimAnswers = 0;
  /** Of the final head; 0 before it. */
  #httpStatus = 0;
  #retryAfter: string | null = null;
  #snippet: Buffer = EMPTY;
  #snippetBytesMax = 0;
  #bodyBytes = 0;

  constructor(
    request: SendRequest,
    to: { readonly receiver: Receiver; readonly path: string },
    tools: ExchangeTools,
    resolve: (outcome: Outcome) => void,
  ) {
    this.#tools = tools;
    this.#receiver = to.receiver;
    this.#options = { path: to.path, method: "POST", headers: request.headers as string[], body: request.body };
    this.#timeoutMs = request.timeoutMs;
    this.#resolve = resolve;
  }

  start(): void {
    this.#tools.deadlines.add(this, this.#timeoutMs);
    this.#dispatch(this.#tools.pool.take(this.#receiver, this.#tools.deadlines.coarseMs));
  }

  /** The server is stopping. An answer whose head is complete counts: throwing it away would only repeat the attempt. */
  abort(): void {
    this.#finish(this.#httpStatus === 0 ? { kind: "aborted" } : this.#answered(), false);
  }

  onDeadline(): void {
    this.#finish(this.#httpStatus === 0 ? this.#timedOut() : this.#answered(), false);
  }

  onWireBytes(bytes: number): void {
    if (this.#done) return;
    if (this.#httpStatus === 0) {
      if (bytes > ANSWER_HEAD_BYTES_MAX) this.#finish(headTooLarge(), false);
    } else if (bytes > ANSWER_WIRE_BYTES_MAX) {
      this.#finish(this.#answered(), false);
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#done || this.#connection === null) {
      controller.abort(new Error("the attempt is over"));
      return;
    }
    this.#reused = this.#connection.answers > 0;
    this.#connection.begin();
  }

  onResponseStarted(): void {
    this.#answerBegun = true;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (this.#done) return;
    if (status < 200) {
      this.#interimAnswers += 1;
      if (this.#interimAnswers > INTERIM_ANSWERS_MAX) this.#finish(tooManyInterim(), false);
      return;
    }
    this.#httpStatus = status;
    this.#snippetBytesMax = isSuccess(status) ? SNIPPET_OK_BYTES_MAX : SNIPPET_FAILED_BYTES_MAX;
    const retryAfter: string | string[] | undefined = headers["retry-after"];
    if (retryAfter !== undefined) {
      this.#retryAfter = String(Array.isArray(retryAfter) ? retryAfter[0] : retryAfter).slice(0, RETRY_AFTER_CHARS_MAX);
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#done) return;
    this.#bodyBytes += chunk.length;
    const wanted = this.#snippetBytesMax - this.#snippet.length;
    // A copy: the chunk is a view of a read buffer of up to 64 KB, which must not live as long as a slow body.
    if (wanted > 0) this.#snippet = Buffer.concat([this.#snippet, chunk.subarray(0, wanted)]);
    if (this.#bodyBytes > ANSWER_BODY_BYTES_MAX) this.#finish(this.#answered(), false);
  }

  onResponseEnd(): void {
    this.#finish(this.#answered(), true);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#done) return;
    if (this.#httpStatus !== 0) this.#finish(this.#answered(), false);
    else if (this.#mayRepeat(error)) this.#repeat();
    else this.#finish(exchangeFailure(error), false);
  }

  /**
   * A receiver may close an idle connection in the moment in which we reuse it. That says nothing about the receiver,
   * so the request goes once more, over a new connection, within the same deadline. At least once allows the repeat.
   */
  #mayRepeat(error: Error): boolean {
    return this.#reused && !this.#answerBegun && !this.#retried && isBroken(error);
  }

  #repeat(): void {
    this.#retried = true;
    if (this.#connection !== null) {
      this.#connection.occupant = null;
      this.#tools.pool.discard(this.#connection);
    }
    this.#dispatch(this.#tools.pool.fresh(this.#receiver));
  }

  #dispatch(connection: Connection): void {
    this.#connection = connection;
    connection.occupant = this;
    connection.client.dispatch(this.#options, this);
  }

  #timedOut(): Outcome {
    const within = `within ${this.#timeoutMs} ms`;
    switch (this.#connection?.phase) {
      case "resolving":
        return unreachable("dns_timeout", `the URL's host name was not resolved ${within}`);
      case "connecting":
        return unreachable("connect_timeout", `the receiver did not accept the connection ${within}`);
      case "securing":
        return unreachable("connect_timeout", `the receiver did not complete the TLS handshake ${within}`);
      default:
        return unreachable("response_timeout", `the receiver did not answer ${within}`);
    }
  }

  #answered(): Outcome {
    return {
      kind: "answered",
      httpStatus: this.#httpStatus,
      retryAfter: this.#retryAfter,
      snippet: this.#snippet.length === 0 ? "" : readSnippet(this.#snippet),
    };
  }

  #finish(outcome: Outcome, reusable: boolean): void {
    if (this.#done) return;
    this.#done = true;
    this.#tools.deadlines.remove(this);
    const connection = this.#connection;
    if (connection !== null) {
      this.#connection = null;
      connection.occupant = null;
      if (reusable) this.#tools.pool.release(connection, this.#tools.deadlines.coarseMs);
      else this.#tools.pool.discard(connection);
    }
    this.#resolve(outcome);
  }
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;
