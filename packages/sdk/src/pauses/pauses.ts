/** The calls for human pauses, including the wait for an ending. */
import { SignalboxError } from "../errors.ts";
import { backoffMs, type CallOptions, onePath, type Transport } from "../http.ts";
import {
  LONG_POLL_BACKOFF_MS_MAX,
  LONG_POLL_GRACE_MS,
  LONG_POLL_MS_MIN,
  PAUSE_WAIT_SECONDS_MAX,
  RETRY_AFTER_SECONDS_MAX,
} from "../limits.ts";
import { checkAmount } from "../options.ts";
import { advanced } from "../paging.ts";
import type {
  CreatedPause,
  EndedPause,
  Pause,
  PauseAnswer,
  PauseCounts,
  PauseDecision,
  PauseExtension,
  PauseFilter,
  PauseInput,
  PauseLink,
  PausePage,
} from "./pause.ts";

const PATH = "/v1/pause";
const LINKS = "/v1/respond";
const one = (id: string): string => onePath(PATH, id);

/** Options for creating a pause. */
export interface PauseOptions extends CallOptions {
  /** 1 to 255 visible ASCII characters, remembered for 72 hours. Default: a key generated for this call. */
  readonly idempotencyKey?: string | undefined;
}

/** Options for reading a pause. */
export interface GetPauseOptions extends CallOptions {
  /** Seconds, 0 to 60: the server responds when the pause ends or this time is over. */
  readonly wait?: number | undefined;
}

/** Options for waiting for the end of a pause. */
export interface WaitForPauseOptions extends CallOptions {
  /** Default: no limit. */
  readonly timeoutMs?: number | undefined;
  /** Called with the pause about once a minute, for as long as it is pending. */
  readonly onPending?: ((pause: Pause) => void) | undefined;
  /** Called when the server cannot be asked, and will be asked again. */
  readonly onRetry?: ((error: SignalboxError) => void) | undefined;
}

/** Create a pause. A call without an idempotency key gets one, so that its retries cannot ask twice. */
export async function createPause(
  transport: Transport,
  input: PauseInput,
  { idempotencyKey = crypto.randomUUID(), signal }: PauseOptions = {},
): Promise<CreatedPause> {
  const call = { method: "POST", path: PATH, body: JSON.stringify(input), idempotencyKey, signal } as const;
  return (await transport.call<CreatedPause>(call)).body;
}

export async function getPause(
  transport: Transport,
  id: string,
  { wait, signal }: GetPauseOptions = {},
): Promise<Pause> {
  if (wait !== undefined) checkAmount("wait", wait);
  const timeoutMs = wait === undefined ? undefined : wait * 1000 + LONG_POLL_GRACE_MS;
  return (await transport.call<Pause>({ method: "GET", path: one(id), query: { wait }, timeoutMs, signal })).body;
}

export async function listPauses(
  transport: Transport,
  filter: PauseFilter & { readonly cursor?: string } = {},
  options?: CallOptions,
): Promise<PausePage> {
  const call = { method: "GET", path: PATH, query: { ...filter }, signal: options?.signal } as const;
  return (await transport.call<PausePage>(call)).body;
}

export async function* iteratePauses(
  transport: Transport,
  filter: PauseFilter = {},
  options?: CallOptions,
): AsyncGenerator<Pause, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await listPauses(transport, cursor === undefined ? filter : { ...filter, cursor }, options);
    yield* page.pauses;
    cursor = advanced(cursor, page.has_more ? (page.next_cursor ?? undefined) : undefined);
  } while (cursor !== undefined);
}

export async function countPauses(transport: Transport, options?: CallOptions): Promise<PauseCounts> {
  const call = { method: "GET", path: `${PATH}/counts`, signal: options?.signal } as const;
  return (await transport.call<PauseCounts>(call)).body;
}

/** Sending the same decision again is 200 again, so the call is retried. */
export async function decidePause(
  transport: Transport,
  id: string,
  decision: PauseDecision,
  options?: CallOptions,
): Promise<Pause> {
  const body = JSON.stringify(decision);
  const call = { method: "POST", path: `${one(id)}/decide`, body, repeatable: true, signal: options?.signal } as const;
  return (await transport.call<Pause>(call)).body;
}

/** A time can be sent again, so the call is retried. Seconds would count from a later moment. */
export async function extendPause(
  transport: Transport,
  id: string,
  extension: PauseExtension,
  options?: CallOptions,
): Promise<Pause> {
  const body = JSON.stringify(extension);
  const repeatable = extension.expires_at !== undefined && extension.expires_at !== null;
  const call = { method: "POST", path: `${one(id)}/extend`, body, repeatable, signal: options?.signal } as const;
  return (await transport.call<Pause>(call)).body;
}

export async function resendPause(transport: Transport, id: string, options?: CallOptions): Promise<Pause> {
  const call = { method: "POST", path: `${one(id)}/resend`, signal: options?.signal } as const;
  return (await transport.call<Pause>(call)).body;
}

export async function revealPauseLink(transport: Transport, id: string, options?: CallOptions): Promise<string> {
  const call = { method: "POST", path: `${one(id)}/reveal-link`, signal: options?.signal } as const;
  return (await transport.call<{ readonly respond_url: string }>(call)).body.respond_url;
}

export async function readPauseLink(transport: Transport, token: string, options?: CallOptions): Promise<PauseLink> {
  const call = { method: "GET", path: onePath(LINKS, token), signal: options?.signal } as const;
  return (await transport.call<PauseLink>(call)).body;
}

/** Sending the same answer again is 200 again, so the call is retried. */
export async function answerPauseLink(
  transport: Transport,
  token: string,
  answer: PauseAnswer,
  options?: CallOptions,
): Promise<PauseLink> {
  const body = JSON.stringify(answer);
  const call = {
    method: "POST",
    path: onePath(LINKS, token),
    body,
    repeatable: true,
    signal: options?.signal,
  } as const;
  return (await transport.call<PauseLink>(call)).body;
}

export async function cancelPause(transport: Transport, id: string, options?: CallOptions): Promise<EndedPause> {
  const call = {
    method: "DELETE",
    path: one(id),
    doneCode: "ALREADY_CANCELLED",
    signal: options?.signal,
  } as const;
  const { body } = await transport.call<EndedPause | undefined>(call);
  return body ?? ((await getPause(transport, id, options)) as EndedPause);
}

/** The result of one request for a pause. */
type Poll =
  | { readonly kind: "ended"; readonly pause: EndedPause }
  /** `early`: sooner than requested, so the next request is delayed. */
  | { readonly kind: "pending"; readonly pause: Pause; readonly early: boolean }
  | { readonly kind: "failed"; readonly error: SignalboxError };

/** Poll until the pause has ended; see `Signalbox.waitForPause`. */
export async function waitForPause(
  transport: Transport,
  id: string,
  { timeoutMs = Number.POSITIVE_INFINITY, signal, onPending, onRetry }: WaitForPauseOptions = {},
): Promise<EndedPause> {
  if (timeoutMs !== Number.POSITIVE_INFINITY) checkAmount("timeoutMs", timeoutMs);
  // The remaining time is computed for each request instead of by one timer, because pauses last up to a year and
  // timers at most 24 days.
  const endsAtMs = performance.now() + timeoutMs;
  let fruitless = 0;
  let lastError: SignalboxError | null = null;
  for (;;) {
    const remainingMs = endsAtMs - performance.now();
    if (remainingMs <= 0) throw notEnded(timeoutMs, lastError);
    const poll = await pollOnce(transport, id, remainingMs, signal);
    if (poll.kind === "ended") return poll.pause;
    if (poll.kind === "pending") onPending?.(poll.pause);
    else onRetry?.(poll.error);
    lastError = poll.kind === "failed" ? poll.error : null;
    fruitless = poll.kind === "failed" || poll.early ? fruitless + 1 : 0;
    if (fruitless === 0) continue;
    await transport.wait(Math.min(delayMs(fruitless, lastError), remainingMs), signal);
  }
}

async function pollOnce(
  transport: Transport,
  id: string,
  remainingMs: number,
  signal: AbortSignal | undefined,
): Promise<Poll> {
  const wait = Math.min(PAUSE_WAIT_SECONDS_MAX, Math.ceil(remainingMs / 1000));
  const timeoutMs = Math.min(wait * 1000 + LONG_POLL_GRACE_MS, remainingMs);
  const startedMs = performance.now();
  try {
    const call = { method: "GET", path: one(id), query: { wait }, timeoutMs, retriesMax: 0, signal } as const;
    const pause = (await transport.call<Pause>(call)).body;
    if (hasEnded(pause)) return { kind: "ended", pause };
    return { kind: "pending", pause, early: performance.now() - startedMs < LONG_POLL_MS_MIN };
  } catch (error) {
    if (error instanceof SignalboxError && isTemporary(error)) return { kind: "failed", error };
    throw error;
  }
}

/** The caller acts on the ending, so a response that only resembles one, such as a proxy's, does not count. */
function hasEnded(pause: Pause): pause is EndedPause {
  switch (pause.status) {
    case "pending":
      return false;
    case "responded":
    case "timed_out":
    case "cancelled":
      return true;
    default: {
      const message = "The response is not a pause; is this the address of a Signalbox server?";
      throw new SignalboxError({ status: 200, code: "PROTOCOL_ERROR", message });
    }
  }
}

/**
 * Whether the request may succeed later: without a response, and after 408, 429 and 5xx. Other refusals are permanent.
 */
function isTemporary({ status, code }: SignalboxError): boolean {
  return code === "NETWORK_ERROR" || code === "TIMEOUT" || status === 408 || status === 429 || status >= 500;
}

function delayMs(fruitless: number, error: SignalboxError | null): number {
  const askedSeconds = Math.min(error?.retryAfterSeconds ?? 0, RETRY_AFTER_SECONDS_MAX);
  return Math.max(backoffMs(fruitless - 1, LONG_POLL_BACKOFF_MS_MAX), askedSeconds * 1000);
}

function notEnded(timeoutMs: number, cause: SignalboxError | null): SignalboxError {
  const message = `The pause did not end within ${timeoutMs / 1000} s.`;
  return new SignalboxError({ status: 0, code: "TIMEOUT", message, ...(cause !== null && { cause }) });
}
