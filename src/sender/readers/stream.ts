/**
 * The sender for listeners: it hands each attempt to the program that reads the listener's stream, and waits for that
 * program's report. It connects to nothing, so it needs no address guard.
 */
import type { Outcome } from "../../domain/delivery/delivery.ts";
import type { Seq } from "../../domain/ids.ts";
import {
  ERROR_DETAIL_CHARS_MAX,
  READER_PENDING_CHARS_MAX,
  REPORT_GRACE_MS,
  RETRY_AFTER_CHARS_MAX,
  SNIPPET_FAILED_BYTES_MAX,
  SNIPPET_OK_BYTES_MAX,
} from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AttemptReader, AttemptReaders, AttemptReport, Sender, SendRequest } from "../../ports/sender.ts";
import { type Deadline, Deadlines } from "../deadlines.ts";
import { keepHeader, readSnippet } from "../snippet.ts";

export type StreamSender = AttemptReaders & Pick<Sender, "send" | "abortAll">;

export function createStreamSender({ clock }: { readonly clock: Clock }): StreamSender {
  const channels = new Map<Seq, Channel>();
  const deadlines = new Deadlines<PendingAttempt>(clock);

  function send(request: SendRequest): Promise<Outcome> {
    const { streamed: attempt, headers, body, timeoutMs } = request;
    const channel = attempt === undefined ? undefined : channels.get(attempt.endpointSeq);
    if (attempt === undefined || channel === undefined) return Promise.resolve({ kind: "aborted" });
    return new Promise((resolve) => {
      const sentAtMs = clock.monotonicMs();
      const { token, isTest } = attempt;
      const pending = new PendingAttempt({ channel, token, isTest, chars: body.length, timeoutMs, sentAtMs, resolve });
      channel.add(pending, attempt.maxInFlight);
      channel.reader.make({ attempt, headers, body, timeoutMs, deadlineAt: clock.wallMs() + timeoutMs });
    });
  }

  return {
    send,
    isRead: (endpointSeq) => channels.has(endpointSeq),
    aheadOf(endpointSeq) {
      const channel = channels.get(endpointSeq);
      return channel === undefined ? 0 : channel.ahead;
    },
    attach(endpointSeq, reader) {
      const former = channels.get(endpointSeq);
      channels.set(endpointSeq, new Channel(reader, clock, deadlines));
      former?.abort();
    },
    detach(endpointSeq, reader) {
      const channel = channels.get(endpointSeq);
      if (channel?.reader !== reader) return;
      channels.delete(endpointSeq);
      channel.abort();
    },
    report(endpointSeq, report) {
      return channels.get(endpointSeq)?.report(report) ?? false;
    },
    abortAll() {
      for (const channel of channels.values()) channel.abort();
    },
  };
}

/** A listener that somebody reads. */
class Channel {
  readonly reader: AttemptReader;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines<PendingAttempt>;
  readonly #pending = new Map<string, PendingAttempt>();
  /** Those that the reader has and starts later, in their order. Some may have ended. */
  #queued: PendingAttempt[] = [];
  #started = 0;
  #startedMax = 1;
  #chars = 0;
  /** The monotonic time of the reader's latest report. */
  #reportedAtMs: number;

  constructor(reader: AttemptReader, clock: Clock, deadlines: Deadlines<PendingAttempt>) {
    this.reader = reader;
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#reportedAtMs = clock.monotonicMs();
  }

  get ahead(): number | null {
    return this.#chars < READER_PENDING_CHARS_MAX ? this.reader.ahead : null;
  }

  /** @param startedMax how many attempts the reader makes at a time, except for tests */
  add(attempt: PendingAttempt, startedMax: number): void {
    this.#startedMax = startedMax;
    this.#pending.set(attempt.token, attempt);
    this.#chars += attempt.chars;
    if (attempt.isTest) this.#start(attempt);
    else {
      this.#queued.push(attempt);
      this.#startNext();
    }
  }

  /** Returns false when the attempt is over. */
  report(report: AttemptReport): boolean {
    this.#reportedAtMs = this.#clock.monotonicMs();
    const attempt = this.#pending.get(report.token);
    if (attempt === undefined) return false;
    this.#end(attempt);
    const { queuedMs } = attempt;
    attempt.resolve({ ...outcomeOf(report, this.reader.name), ...(queuedMs > 0 && { queuedMs }) });
    return true;
  }

  timedOut(attempt: PendingAttempt): void {
    const { token, timeoutMs, startedAtMs, queuedMs, resolve } = attempt;
    this.#end(attempt);
    const detail = `the program that listens did not report a response within ${timeoutMs} ms`;
    resolve({ kind: "unreachable", reason: "response_timeout", detail, via: this.reader.name, queuedMs });
    this.reader.over(token);
    // A reader that works reports a timeout by itself, a moment before.
    if (startedAtMs === null || this.#reportedAtMs <= startedAtMs) this.reader.fellSilent();
  }

  abort(): void {
    for (const attempt of this.#pending.values()) {
      if (attempt.startedAtMs !== null) this.#deadlines.remove(attempt);
      attempt.resolve({ kind: "aborted" });
    }
    this.#pending.clear();
    this.#queued = [];
    this.#started = 0;
    this.#chars = 0;
  }

  #end(attempt: PendingAttempt): void {
    this.#pending.delete(attempt.token);
    this.#chars -= attempt.chars;
    if (attempt.startedAtMs === null) return;
    this.#deadlines.remove(attempt);
    if (attempt.isTest) return;
    this.#started -= 1;
    this.#startNext();
  }

  /** The reader starts the next attempt when one has ended, and its timeout runs from then on. */
  #startNext(): void {
    while (this.#started < this.#startedMax) {
      const next = this.#queued.shift();
      if (next === undefined) return;
      if (!this.#pending.has(next.token)) continue;
      this.#started += 1;
      this.#start(next);
    }
  }

  #start(attempt: PendingAttempt): void {
    attempt.startedAtMs = this.#clock.monotonicMs();
    this.#deadlines.add(attempt, attempt.timeoutMs + REPORT_GRACE_MS);
  }
}

interface PendingOptions {
  readonly channel: Channel;
  readonly token: string;
  readonly isTest: boolean;
  /** Of the body. */
  readonly chars: number;
  readonly timeoutMs: number;
  readonly sentAtMs: number;
  readonly resolve: (outcome: Outcome) => void;
}

/** An attempt that the reader has. */
class PendingAttempt implements Deadline {
  dueTick = 0;
  /** The monotonic time; null until the reader starts it. */
  startedAtMs: number | null = null;
  readonly token: string;
  readonly isTest: boolean;
  readonly chars: number;
  readonly timeoutMs: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly #channel: Channel;
  readonly #sentAtMs: number;

  constructor({ channel, token, isTest, chars, timeoutMs, sentAtMs, resolve }: PendingOptions) {
    this.#channel = channel;
    this.token = token;
    this.isTest = isTest;
    this.chars = chars;
    this.timeoutMs = timeoutMs;
    this.#sentAtMs = sentAtMs;
    this.resolve = resolve;
  }

  /** How long it has waited at the reader, in whole milliseconds. */
  get queuedMs(): number {
    return this.startedAtMs === null ? 0 : Math.round(this.startedAtMs - this.#sentAtMs);
  }

  onDeadline(): void {
    this.#channel.timedOut(this);
  }
}

/** What the report means, within the limits of a response over HTTP. */
function outcomeOf(report: AttemptReport, via: string): Outcome {
  const timings = report.timings === null ? {} : { timings: report.timings };
  if (report.kind === "unreachable") {
    const { reason } = report;
    const detail = (report.detail || reason.replaceAll("_", " ")).slice(0, ERROR_DETAIL_CHARS_MAX);
    return { kind: "unreachable", reason, detail, via, ...timings };
  }
  const { httpStatus, headers, body } = report;
  const isSuccess = httpStatus >= 200 && httpStatus < 300;
  const bytes = Buffer.from(body.slice(0, SNIPPET_FAILED_BYTES_MAX));
  const snippet = bytes.subarray(0, isSuccess ? SNIPPET_OK_BYTES_MAX : SNIPPET_FAILED_BYTES_MAX);
  const retryAfter = headers.find(([name]) => name.toLowerCase() === "retry-after")?.[1];
  return {
    kind: "answered",
    httpStatus,
    retryAfter: retryAfter?.slice(0, RETRY_AFTER_CHARS_MAX) ?? null,
    snippet: snippet.length === 0 ? "" : readSnippet(snippet),
    headers: headers.reduce(
      (kept, [name, value]) => keepHeader(kept, httpStatus, name.toLowerCase(), value.trim()),
      "",
    ),
    via,
    ...timings,
  };
}

/** One sender over both transports: each request goes by that of its endpoint. */
export function senderOf(http: Sender, stream: StreamSender): Sender {
  return {
    send: (request) => (request.streamed === undefined ? http : stream).send(request),
    vet: (url) => http.vet(url),
    abortAll() {
      http.abortAll();
      stream.abortAll();
    },
    close: () => http.close(),
  };
}
