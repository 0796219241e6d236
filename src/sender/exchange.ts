/** One attempt: a request that is sent and turned into one outcome. */
import type { Outcome } from "../domain/delivery/delivery.ts";
import type { Timings } from "../domain/delivery/timings.ts";
import {
  CONNECT_AGAIN_MS,
  RESPONSE_BODY_BYTES_MAX,
  RESPONSE_WIRE_BYTES_MAX,
  SNIPPET_FAILED_BYTES_MAX,
  SNIPPET_OK_BYTES_MAX,
} from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Connection, Occupant, Receiver } from "./connection.ts";
import type { Deadline, Deadlines } from "./deadlines.ts";
import { type Failure, unreachable } from "./failures/failures.ts";
import type { Pool } from "./pool.ts";
import { type PreparedRequest, type WireRequest, wireRequest } from "./request.ts";
import { ResponseReader, type ResponseSink } from "./response.ts";
import { readSnippet } from "./snippet.ts";

const EMPTY = Buffer.alloc(0);

interface ExchangeTools {
  readonly clock: Clock;
  readonly pool: Pool;
  readonly deadlines: Deadlines<Exchange>;
}

export class Exchange implements Deadline, Occupant, ResponseSink {
  dueTick = 0;
  readonly #tools: ExchangeTools;
  readonly #receiver: Receiver;
  readonly #request: WireRequest;
  readonly #timeoutMs: number;
  readonly #waitedMs: number;
  readonly #resolve: (outcome: Outcome) => void;
  #connection: Connection | null = null;
  #reader: ResponseReader | null = null;
  #done = false;
  #resent = false;
  /** Why no connection can be opened at the moment, while this machine lacks a resource. */
  #shortage: Failure | null = null;
  /** Bytes read from the current connection. */
  #wireBytes = 0;
  /** The status in the final head; 0 before it arrives. */
  #httpStatus = 0;
  #retryAfter: string | null = null;
  #headers = "";
  /** When the request was written, and when the first byte of the response arrived; monotonic. */
  #sentMs: number | null = null;
  #firstByteAtMs: number | null = null;
  #snippet: Buffer = EMPTY;
  #snippetBytesMax = 0;
  #bodyBytes = 0;

  constructor(
    request: PreparedRequest,
    to: { readonly receiver: Receiver; readonly lines: string },
    tools: ExchangeTools,
    resolve: (outcome: Outcome) => void,
  ) {
    this.#tools = tools;
    this.#receiver = to.receiver;
    this.#request = wireRequest(to.lines, request);
    this.#timeoutMs = request.timeoutMs;
    this.#waitedMs = request.waitedMs;
    this.#resolve = resolve;
  }

  start(): void {
    this.#tools.deadlines.add(this, Math.max(0, this.#timeoutMs - this.#waitedMs));
    this.#use(this.#tools.pool.take(this.#receiver, this.#tools.deadlines.coarseMs));
  }

  /**
   * The server is stopping. A response whose head is complete still counts, because discarding it would only repeat the
   * attempt.
   */
  abort(): void {
    this.#finish(this.#httpStatus === 0 ? { kind: "aborted" } : this.#answered());
  }

  onDeadline(): void {
    this.#finish(this.#httpStatus === 0 ? this.#timedOut() : this.#answered());
  }

  onOpen(): void {
    this.#shortage = null;
    const connection = this.#connection;
    if (connection === null) return;
    // A reused connection is written to at once.
    this.#sentMs = connection.responses > 0 ? this.#tools.deadlines.coarseMs : connection.began.open;
    connection.write(this.#request);
  }

  onNotOpened(failure: Failure): void {
    if (failure.kind !== "out_of_resources") {
      this.#finish(failure);
      return;
    }
    this.#shortage = failure;
    this.#dropConnection();
    this.#tools.clock.after(CONNECT_AGAIN_MS, () => {
      if (!this.#done) this.#use(this.#tools.pool.fresh(this.#receiver));
    });
  }

  onData(chunk: Buffer): void {
    if (this.#wireBytes === 0) this.#firstByteAtMs = this.#tools.clock.monotonicMs();
    this.#wireBytes += chunk.length;
    this.#reader?.push(chunk);
    if (this.#wireBytes > RESPONSE_WIRE_BYTES_MAX && this.#httpStatus !== 0) this.#finish(this.#answered());
  }

  onEnded(failure: Failure): void {
    if (this.#httpStatus !== 0) this.#finish(this.#answered());
    else if (this.#wireBytes === 0 && this.#mayRepeat) this.#repeat();
    else this.#finish(failure);
  }

  onHead(status: number, retryAfter: string | null, headers: string): void {
    if (this.#done) return;
    // Some servers close an idle connection with a 408, which they send before our request reaches them.
    if (status === 408 && this.#mayRepeat) {
      this.#repeat();
      return;
    }
    this.#httpStatus = status;
    this.#retryAfter = retryAfter;
    this.#headers = headers;
    this.#snippetBytesMax = isSuccess(status) ? SNIPPET_OK_BYTES_MAX : SNIPPET_FAILED_BYTES_MAX;
  }

  onBody(piece: Buffer): void {
    if (this.#done) return;
    this.#bodyBytes += piece.length;
    const bytesLeft = this.#snippetBytesMax - this.#snippet.length;
    // A copy, because the piece is a view of a read buffer of up to 64 KB, which must not be retained for as long as a
    // slow body takes.
    if (bytesLeft > 0) this.#snippet = Buffer.concat([this.#snippet, piece.subarray(0, bytesLeft)]);
    if (this.#bodyBytes > RESPONSE_BODY_BYTES_MAX) this.#finish(this.#answered());
  }

  onComplete(reusable: boolean, idleSeconds: number | null): void {
    this.#finish(this.#answered(), { reusable, idleSeconds });
  }

  onFault(failure: Failure): void {
    this.#finish(this.#httpStatus === 0 ? failure : this.#answered());
  }

  /**
   * Whether the request can be repeated. A receiver may close an idle connection just as it is reused. That says
   * nothing about the receiver, so the request is sent once more over a new connection, within the same deadline.
   */
  get #mayRepeat(): boolean {
    return !this.#resent && this.#connection !== null && this.#connection.responses > 0;
  }

  #repeat(): void {
    this.#resent = true;
    this.#dropConnection();
    this.#use(this.#tools.pool.fresh(this.#receiver));
  }

  #use(connection: Connection): void {
    this.#connection = connection;
    this.#wireBytes = 0;
    this.#sentMs = null;
    this.#firstByteAtMs = null;
    this.#reader = new ResponseReader(this);
    connection.occupant = this;
    if (connection.phase === "open") this.onOpen();
    else connection.open();
  }

  /** Close the current connection. */
  #dropConnection(): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#connection = null;
    this.#reader?.stop();
    connection.occupant = null;
    this.#tools.pool.discard(connection);
  }

  #timedOut(): Outcome {
    if (this.#shortage !== null) return this.#shortage;
    const within = `within ${this.#timeoutMs} ms`;
    switch (this.#connection?.phase) {
      case "resolving":
        return unreachable("dns_timeout", `the URL's host name was not resolved ${within}`);
      case "connecting":
        return unreachable("connect_timeout", `the receiver did not accept the connection ${within}`);
      case "securing":
        return unreachable("connect_timeout", `the receiver did not complete the TLS handshake ${within}`);
      default:
        return unreachable("response_timeout", `the receiver did not respond ${within}`);
    }
  }

  #answered(): Outcome {
    return {
      kind: "answered",
      httpStatus: this.#httpStatus,
      retryAfter: this.#retryAfter,
      snippet: this.#snippet.length === 0 ? "" : readSnippet(this.#snippet),
      headers: this.#headers,
    };
  }

  #timings(connection: Connection | null): Timings {
    const firstByteMs = between(this.#sentMs, this.#firstByteAtMs);
    if (connection === null || connection.responses > 0) return { ...NOT_OPENED, firstByteMs };
    const { resolving, connecting, securing, open } = connection.began;
    return {
      dnsMs: between(resolving, connecting),
      connectMs: between(connecting, securing ?? open),
      tlsMs: between(securing, open),
      firstByteMs,
    };
  }

  #finish(outcome: Outcome, kept?: { readonly reusable: boolean; readonly idleSeconds: number | null }): void {
    if (this.#done) return;
    this.#done = true;
    this.#tools.deadlines.remove(this);
    const connection = this.#connection;
    const timings = this.#timings(connection);
    if (kept?.reusable && connection !== null) {
      this.#connection = null;
      connection.occupant = null;
      this.#tools.pool.release(connection, this.#tools.deadlines.coarseMs, kept.idleSeconds);
    } else {
      this.#dropConnection();
    }
    this.#resolve(outcome.kind === "answered" || outcome.kind === "unreachable" ? { ...outcome, timings } : outcome);
  }
}

const NOT_OPENED: Timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null };

const between = (from: number | null, to: number | null): number | null =>
  from === null || to === null ? null : Math.max(0, Math.round(to - from));

const isSuccess = (status: number): boolean => status >= 200 && status < 300;
