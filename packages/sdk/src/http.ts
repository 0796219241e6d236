/** One call to the server: URL, credentials, time-out, safe retries, errors. */
import { SignalboxError } from "./errors.ts";
import { BACKOFF_FIRST_MS, REQUEST_TIMEOUT_MS, RETRIES_MAX, RETRY_AFTER_SECONDS_MAX } from "./limits.ts";
import { checkOptionalString, checkString } from "./options.ts";
import type { FieldFault } from "./types.ts";

/** Query parameters; those without a value are left out. */
export type Query = { readonly [name: string]: string | number | boolean | undefined };

/** One call. */
export interface Call {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** From `/v1` on; ids in it are encoded. */
  readonly path: string;
  readonly query?: Query | undefined;
  /** JSON text. */
  readonly body?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  /** For a POST that carries its idempotency keys in its body. */
  readonly repeatable?: boolean;
  /** For a DELETE that keeps its record: the error's code that says it was done before. */
  readonly doneCode?: string;
  /** One try; default `REQUEST_TIMEOUT_MS`. */
  readonly timeoutMs?: number | undefined;
  /** Default `RETRIES_MAX`. */
  readonly retriesMax?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A 2xx answer. */
export interface Answer<Body> {
  readonly body: Body;
  readonly headers: Headers;
}

/** What a call may be given beside its own parameters. */
export interface CallOptions {
  /** Ends the call, and its retries, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Wait that long, or reject with the signal's reason. */
export type Wait = (ms: number, signal?: AbortSignal) => Promise<void>;

/** How a {@link Transport} reaches the server. */
export interface TransportOptions {
  readonly url: string;
  readonly apiKey: string;
  readonly tenant?: string | undefined;
  readonly fetch: typeof fetch;
  readonly wait: Wait;
}

/**
 * The path of one record.
 *
 * @throws {TypeError} for an id that would make it the path of something else: none, an empty one, a dot segment
 */
export function onePath(collection: string, id: string): string {
  checkString("The id", id);
  if (id === "." || id === "..") throw new TypeError(`${id} is no id.`);
  return `${collection}/${encodeURIComponent(id)}`;
}

type Outcome =
  | { readonly kind: "answered"; readonly response: Response; readonly text: string }
  | { readonly kind: "lost"; readonly error: SignalboxError };

/** Makes calls to one server with one key. */
export class Transport {
  readonly wait: Wait;
  readonly #base: string;
  readonly #tenant: string | undefined;
  readonly #fetch: typeof fetch;
  #apiKey: string;

  constructor(options: TransportOptions) {
    this.#base = options.url.replace(/\/+$/, "");
    this.#apiKey = options.apiKey;
    this.#tenant = options.tenant;
    this.#fetch = options.fetch;
    this.wait = options.wait;
  }

  /** The key of the calls that follow. */
  useKey(apiKey: string): void {
    this.#apiKey = apiKey;
  }

  /** Make a call, with the retries that are safe, and give back its JSON. */
  async call<Body>(call: Call): Promise<Answer<Body>> {
    // Fetch would send null as "null", which is then every call's key.
    checkOptionalString("idempotencyKey", call.idempotencyKey);
    for (let retries = 0; ; retries++) {
      const outcome = await this.#try(call);
      const waitMs = retries < (call.retriesMax ?? RETRIES_MAX) ? retryWaitMs(call, outcome, retries) : null;
      if (waitMs === null) return settle(call, outcome, retries);
      await this.wait(waitMs, call.signal);
    }
  }

  /** Open a stream; the caller reads the body. One try, no time-out. */
  open(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    return this.#send({ method: "GET", path }, headers, signal);
  }

  async #try(call: Call): Promise<Outcome> {
    call.signal?.throwIfAborted();
    const { timeoutMs = REQUEST_TIMEOUT_MS } = call;
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), timeoutMs);
    const abort = () => deadline.abort();
    call.signal?.addEventListener("abort", abort);
    try {
      const response = await this.#send(call, { accept: "application/json" }, deadline.signal);
      return { kind: "answered", response, text: await response.text() };
    } catch (cause) {
      call.signal?.throwIfAborted();
      return { kind: "lost", error: lost(cause, deadline.signal.aborted ? timeoutMs : null) };
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener("abort", abort);
    }
  }

  #send(call: Call, more: Record<string, string>, signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { ...more, authorization: `Bearer ${this.#apiKey}` };
    if (call.body !== undefined) headers["content-type"] = "application/json";
    if (call.idempotencyKey !== undefined) headers["idempotency-key"] = call.idempotencyKey;
    // Following would turn a POST into a GET; a redirect means that the address is wrong.
    const init: RequestInit = { method: call.method, headers, signal, redirect: "manual" };
    if (call.body !== undefined) init.body = call.body;
    const send = this.#fetch;
    return send(this.#base + call.path + queryText({ ...call.query, tenant: this.#tenant }), init);
  }
}

function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

function lost(cause: unknown, timedOutMs: number | null): SignalboxError {
  return timedOutMs === null
    ? new SignalboxError({
        status: 0,
        code: "NETWORK_ERROR",
        message: `There was no answer: ${reasonOf(cause)}.`,
        cause,
      })
    : new SignalboxError({
        status: 0,
        code: "TIMEOUT",
        message: `There was no answer in ${timedOutMs / 1000} s.`,
        cause,
      });
}

/** Fetch says "fetch failed" and hides the reason one level down. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error && cause.cause.message !== "" ? cause.cause.message : cause.message;
}

/**
 * How long to wait before a call is tried again; null when it must not be.
 *
 * 429 and 503 with `Retry-After` say that nothing was done. Without any answer nobody knows, so only a call that may
 * happen twice is repeated: one that sets or removes, or one with an idempotency key.
 */
function retryWaitMs(call: Call, outcome: Outcome, retries: number): number | null {
  if (outcome.kind === "lost") {
    const repeatable = call.method !== "POST" || call.idempotencyKey !== undefined || call.repeatable === true;
    return repeatable ? backoffMs(retries) : null;
  }
  const { status, headers } = outcome.response;
  if (status !== 429 && status !== 503) return null;
  const seconds = retryAfterSeconds(headers);
  return seconds === null || seconds > RETRY_AFTER_SECONDS_MAX ? null : seconds * 1000;
}

/** Longer each time, up to `mostMs`; with jitter, so that clients which lost a server together do not return together. */
export function backoffMs(retries: number, mostMs = Number.POSITIVE_INFINITY): number {
  return Math.min(BACKOFF_FIRST_MS * 2 ** retries, mostMs) * (0.5 + Math.random() / 2);
}

/** `Retry-After` as a number of seconds or a date (RFC 9110 §10.2.3); null when absent or neither. */
function retryAfterSeconds(headers: Headers): number | null {
  const text = headers.get("retry-after");
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, (date - Date.now()) / 1000);
}

function settle<Body>(call: Call, outcome: Outcome, retries: number): Answer<Body> {
  if (outcome.kind === "lost") throw outcome.error;
  const { response, text } = outcome;
  const error = response.ok ? null : answerError(response, text);
  // A DELETE whose first answer was lost has done its work; the record is gone, as was asked.
  const doneAlready = call.method === "DELETE" && retries > 0 && error !== null && saysDone(call, error);
  if (error !== null && !doneAlready) throw error;
  const body = response.status === 204 || doneAlready ? undefined : parseJson(response, text);
  return { body: body as Body, headers: response.headers };
}

function saysDone(call: Call, { status, code }: SignalboxError): boolean {
  return call.doneCode === undefined ? status === 404 : code === call.doneCode;
}

function parseJson(response: Response, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = "The answer is not JSON; is this the address of a Signalbox server?";
    throw new SignalboxError({ status: response.status, code: "PROTOCOL_ERROR", message, cause });
  }
}

/** An answer's error, whichever of the surfaces' three shapes it has. */
export function answerError(response: Response, text: string): SignalboxError {
  const { code, message, details } = errorFields(text);
  return new SignalboxError({
    status: response.status,
    code: code ?? `HTTP_${response.status}`,
    message: message ?? `The server answered ${response.status}.`,
    details,
    retryAfterSeconds: retryAfterSeconds(response.headers),
  });
}

interface ErrorFields {
  readonly code: string | null;
  readonly message: string | null;
  readonly details: readonly FieldFault[];
}

function errorFields(text: string): ErrorFields {
  const outer = asRecord(safeJson(text));
  const inner = typeof outer.error === "string" ? { ...outer, code: outer.error } : asRecord(outer.error);
  return {
    code: typeof inner.code === "string" ? inner.code : null,
    message: typeof inner.message === "string" ? inner.message : null,
    details: Array.isArray(inner.details) ? inner.details : [],
  };
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a proxy's page; the status says what there is to say
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** The ordinary {@link Wait}. */
export const waitForReal: Wait = (ms, signal) =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
