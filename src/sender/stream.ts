/**
 * The sender for listeners: it hands each attempt to the program that reads the listener's stream, and waits for that
 * program's report. It connects to nothing, so it needs no address guard.
 */
import type { Outcome } from "../domain/delivery/delivery.ts";
import type { Seq } from "../domain/ids.ts";
import {
  ERROR_DETAIL_CHARS_MAX,
  REPORT_GRACE_MS,
  RETRY_AFTER_CHARS_MAX,
  SNIPPET_FAILED_BYTES_MAX,
  SNIPPET_OK_BYTES_MAX,
} from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { AttemptReader, AttemptReaders, AttemptReport, Sender, SendRequest } from "../ports/sender.ts";
import { type Deadline, Deadlines } from "./deadlines.ts";
import { keepHeader, readSnippet } from "./snippet.ts";

export type StreamSender = AttemptReaders & Pick<Sender, "send" | "abortAll">;

/** A listener that somebody reads. */
interface Channel {
  readonly reader: AttemptReader;
  readonly pending: Map<string, PendingAttempt>;
  /** The monotonic time of the reader's latest report. */
  reportedAtMs: number;
}

export function createStreamSender({ clock }: { readonly clock: Clock }): StreamSender {
  const channels = new Map<Seq, Channel>();
  const deadlines = new Deadlines<PendingAttempt>(clock);

  function abort({ pending }: Channel): void {
    for (const attempt of pending.values()) {
      deadlines.remove(attempt);
      attempt.resolve({ kind: "aborted" });
    }
    pending.clear();
  }

  function send(request: SendRequest): Promise<Outcome> {
    const { streamed: attempt, headers, body, timeoutMs } = request;
    const channel = attempt === undefined ? undefined : channels.get(attempt.endpointSeq);
    if (attempt === undefined || channel === undefined) return Promise.resolve({ kind: "aborted" });
    return new Promise((resolve) => {
      const pending = new PendingAttempt({
        channel,
        token: attempt.token,
        timeoutMs,
        sentAtMs: clock.monotonicMs(),
        resolve,
      });
      channel.pending.set(attempt.token, pending);
      deadlines.add(pending, timeoutMs + REPORT_GRACE_MS);
      channel.reader.make({ attempt, headers, body, timeoutMs, deadlineAt: clock.wallMs() + timeoutMs });
    });
  }

  return {
    send,
    isRead: (endpointSeq) => channels.has(endpointSeq),
    attach(endpointSeq, reader) {
      const former = channels.get(endpointSeq);
      channels.set(endpointSeq, { reader, pending: new Map(), reportedAtMs: clock.monotonicMs() });
      if (former !== undefined) abort(former);
    },
    detach(endpointSeq, reader) {
      const channel = channels.get(endpointSeq);
      if (channel?.reader !== reader) return;
      channels.delete(endpointSeq);
      abort(channel);
    },
    report(endpointSeq, report) {
      const channel = channels.get(endpointSeq);
      if (channel === undefined) return false;
      channel.reportedAtMs = clock.monotonicMs();
      const attempt = channel.pending.get(report.token);
      if (attempt === undefined) return false;
      channel.pending.delete(report.token);
      deadlines.remove(attempt);
      attempt.resolve(outcomeOf(report, channel.reader.name));
      return true;
    },
    abortAll() {
      for (const channel of channels.values()) abort(channel);
    },
  };
}

interface PendingOptions {
  readonly channel: Channel;
  readonly token: string;
  readonly timeoutMs: number;
  readonly sentAtMs: number;
  readonly resolve: (outcome: Outcome) => void;
}

/** An attempt that the reader has. */
class PendingAttempt implements Deadline {
  dueTick = 0;
  readonly resolve: (outcome: Outcome) => void;
  readonly #options: PendingOptions;

  constructor(options: PendingOptions) {
    this.#options = options;
    this.resolve = options.resolve;
  }

  onDeadline(): void {
    const { channel, token, timeoutMs, sentAtMs, resolve } = this.#options;
    const { reader, pending } = channel;
    pending.delete(token);
    const detail = `the program that listens did not report a response within ${timeoutMs} ms`;
    resolve({ kind: "unreachable", reason: "response_timeout", detail, via: reader.name });
    reader.over(token);
    // A reader that works reports a timeout by itself, a moment before.
    if (channel.reportedAtMs < sentAtMs) reader.fellSilent();
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
