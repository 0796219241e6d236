/**
 * The messages between the main thread and the sending thread. They are flat arrays, which take a fraction of the time to copy
 * that an object for each request and outcome takes.
 */
import type { Outcome } from "../../domain/delivery/delivery.ts";
import type { PreparedRequest } from "../request.ts";
import type { SenderOptions } from "../sender.ts";

/** What the thread is started with. */
export interface ThreadData extends Pick<SenderOptions, "allowHttp" | "allowNetworks" | "trustedCa"> {
  /** The monotonic time in the main thread. In each thread, this time counts from another moment. */
  readonly startedMs: number;
  /** Memory that both threads share, with one number: how many messages with requests the thread has not handled yet. */
  readonly unhandled: Int32Array;
}

/** To the thread, in place of requests: end every attempt in flight. */
export const ABORT_ALL = "abortAll";

/** The values of requests or of outcomes, in a fixed order. */
export type Packed = readonly unknown[];

/** @param handedOverMs the monotonic time in the main thread */
export const packRequests = (handedOverMs: number): unknown[] => [handedOverMs];

export function addRequest(to: unknown[], id: number, request: PreparedRequest): void {
  const { url, owner, headerLines, body, timeoutMs } = request;
  to.push(id, url, owner, headerLines, body, timeoutMs);
}

/** @param nowMs the time on the clock of `handedOverMs`, or an earlier one */
export function readRequests(
  packed: Packed,
  nowMs: number,
  make: (id: number, request: PreparedRequest) => void,
): void {
  let at = 0;
  const next = <T>() => packed[at++] as T;
  const waitedMs = Math.max(0, nowMs - next<number>());
  while (at < packed.length) {
    const id = next<number>();
    make(id, { url: next(), owner: next(), headerLines: next(), body: next(), timeoutMs: next(), waitedMs });
  }
}

export function addOutcome(to: unknown[], id: number, outcome: Outcome): void {
  // What is rare is not packed.
  if (outcome.kind !== "answered" || outcome.timings === undefined) {
    to.push(id, outcome);
    return;
  }
  const { httpStatus, retryAfter, snippet, headers, timings } = outcome;
  to.push(id, httpStatus, retryAfter, snippet, headers);
  to.push(timings.dnsMs, timings.connectMs, timings.tlsMs, timings.firstByteMs);
}

export function readOutcomes(packed: Packed, end: (id: number, outcome: Outcome) => void): void {
  let at = 0;
  const next = <T>() => packed[at++] as T;
  while (at < packed.length) {
    const id = next<number>();
    const outcome = next<Outcome | number>();
    if (typeof outcome === "number") end(id, readAnswer(outcome, next));
    else end(id, outcome);
  }
}

function readAnswer(httpStatus: number, next: <T>() => T): Outcome {
  return {
    kind: "answered",
    httpStatus,
    retryAfter: next(),
    snippet: next(),
    headers: next(),
    timings: { dnsMs: next(), connectMs: next(), tlsMs: next(), firstByteMs: next() },
  };
}
