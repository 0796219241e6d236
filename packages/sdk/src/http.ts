/** Calls to the server: URL, credentials, timeouts, safe retries and errors. */
import { SignalboxError } from "./errors.ts";
import { BACKOFF_FIRST_MS, REQUEST_TIMEOUT_MS, RETRY_AFTER_SECONDS_MAX } from "./limits.ts";
import { checkOptionalString, checkString } from "./options.ts";
import type { FieldFault } from "./types.ts";

type QueryValue = string | number | boolean | undefined;

/** Query parameters. Undefined ones are left out. An array repeats its parameter. */
export type Query = { readonly [name: string]: QueryValue | readonly QueryValue[] };

/** A call to the server. */
export interface Call {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** The path from `/v1` on, with encoded ids. */
  readonly path: string;
  readonly query?: Query | undefined;
  /** JSON text. */
  readonly body?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  /** Whether the call may happen twice. Default: true with an idempotency key, and for every method but POST. */
  readonly repeatable?: boolean;
  /** For a DELETE that keeps the record: the error code that means it was already done. */
  readonly doneCode?: string;
  /** A status that is an answer and no error, besides 2xx. */
  readonly answerStatus?: number;
  /** True if the response is not JSON. */
  readonly plainText?: boolean;
  /** The timeout of one attempt. Default: `REQUEST_TIMEOUT_MS`. */
  readonly timeoutMs?: number | undefined;
  /** Default: the client's. */
  readonly retriesMax?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A 2xx response. */
export interface Result<Body> {
  readonly body: Body;
  /** The body byte for byte. */
  readonly text: string;
  readonly headers: Headers;
}

/** Options that every call accepts. */
export interface CallOptions {
  /** Ends the call and its retries with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Wait for `ms`, or reject with the signal's reason. */
export type Wait = (ms: number, signal?: AbortSignal) => Promise<void>;

/** The server and credentials of a {@link Transport}. */
export interface TransportOptions {
  readonly url: string;
  /** Null on a page of the server's own, for which the browser sends the session cookie. */
  readonly apiKey: string | null;
  readonly tenant?: string | undefined;
  readonly fetch: typeof fetch;
  readonly wait: Wait;
  readonly retriesMax: number;
}

/**
 * The path of one record.
 *
 * @throws {TypeError} for an id that would change the path: undefined, empty or a dot segment
 */
export function onePath(collection: string, id: string): string {
  checkString("The id", id);
  if (id === "." || id === "..") throw new TypeError(`${id} is not an id.`);
  return `${collection}/${encodeURIComponent(id)}`;
}

type Outcome =
  | { readonly kind: "answered"; readonly response: Response; readonly text: string }
  | { readonly kind: "lost"; readonly error: SignalboxError };

/** Makes calls to one server with one API key, or with the session of a browser. */
export class Transport {
  readonly wait: Wait;
  readonly #base: string;
  readonly #tenant: string | undefined;
  readonly #fetch: typeof fetch;
  readonly #retriesMax: number;
  #apiKey: string | null;

  constructor(options: TransportOptions) {
    this.#base = options.url.replace(/\/+$/, "");
    this.#apiKey = options.apiKey;
    this.#tenant = options.tenant;
    this.#fetch = options.fetch;
    this.wait = options.wait;
    this.#retriesMax = options.retriesMax;
  }

  /** Use this key for all further calls. */
  useKey(apiKey: string): void {
    this.#apiKey = apiKey;
  }

  /** Make a call, retry it where that is safe, and return its JSON. */
  async call<Body>(call: Call): Promise<Result<Body>> {
    // `fetch` would send null as "null", and all calls would share that key.
    checkOptionalString("idempotencyKey", call.idempotencyKey);
    for (let retries = 0; ; retries++) {
      const outcome = await this.#try(call);
      const waitMs = retries < (call.retriesMax ?? this.#retriesMax) ? retryWaitMs(call, outcome, retries) : null;
      if (waitMs === null) return settle(call, outcome, retries);
      await this.wait(waitMs, call.signal);
    }
  }

  /** Open a stream, whose body the caller reads. There is no retry and no timeout. */
  open(
    path: string,
    query: Query,
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    return this.#send({ method: "GET", path, query }, headers, signal);
  }

  /** Read a file in pieces. Only its beginning is retried. */
  async *download(call: Call): AsyncGenerator<Uint8Array, void, undefined> {
    const controller = new AbortController();
    const abort = () => controller.abort();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(abort, REQUEST_TIMEOUT_MS);
    };
    call.signal?.addEventListener("abort", abort);
    try {
      const reader = (await this.#begin(call, controller.signal, heard)).body?.getReader();
      for (;;) {
        heard();
        const piece = await reader?.read();
        clearTimeout(timer); // the time that the caller takes does not count as the server's silence
        if (piece === undefined || piece.done) return;
        yield piece.value;
      }
    } catch (cause) {
      call.signal?.throwIfAborted();
      throw cause instanceof SignalboxError ? cause : brokenOff(cause, controller.signal.aborted);
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener("abort", abort);
      controller.abort();
    }
  }

  async #begin(call: Call, signal: AbortSignal, heard: () => void): Promise<Response> {
    for (let retries = 0; ; retries++) {
      heard();
      const response = await this.#send(call, {}, signal);
      if (response.ok) return response;
      const outcome = { kind: "answered", response, text: await response.text() } as const;
      const waitMs = retries < this.#retriesMax ? retryWaitMs(call, outcome, retries) : null;
      if (waitMs === null) throw responseError(response, outcome.text);
      await this.wait(waitMs, call.signal);
    }
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

  #send(call: Call, more: Record<string, string>, signal: AbortSignal | undefined): Promise<Response> {
    const headers: Record<string, string> = { ...more };
    if (this.#apiKey !== null) headers.authorization = `Bearer ${this.#apiKey}`;
    if (call.body !== undefined) headers["content-type"] = "application/json";
    if (call.idempotencyKey !== undefined) headers["idempotency-key"] = call.idempotencyKey;
    // Redirects are not followed, because `fetch` would turn a POST into a GET. A redirect means that the address is
    // wrong.
    const init: RequestInit = { method: call.method, headers, signal: signal ?? null, redirect: "manual" };
    if (this.#apiKey === null) init.credentials = "same-origin";
    if (call.body !== undefined) init.body = call.body;
    const send = this.#fetch;
    return send(this.#base + call.path + queryText({ ...call.query, tenant: this.#tenant }), init);
  }
}

function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of [value].flat()) if (each !== undefined) parameters.append(name, String(each));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

function lost(cause: unknown, timedOutMs: number | null): SignalboxError {
  return timedOutMs === null
    ? new SignalboxError({
        status: 0,
        code: "NETWORK_ERROR",
        message: `No response from the server: ${reasonOf(cause)}.`,
        cause,
      })
    : new SignalboxError({
        status: 0,
        code: "TIMEOUT",
        message: `No response from the server within ${timedOutMs / 1000} s.`,
        cause,
      });
}

function brokenOff(cause: unknown, silent: boolean): SignalboxError {
  const [code, reason] = silent
    ? ["TIMEOUT", `nothing arrived for ${REQUEST_TIMEOUT_MS / 1000} s`]
    : ["NETWORK_ERROR", reasonOf(cause)];
  return new SignalboxError({ status: 0, code, message: `The response broke off: ${reason}.`, cause });
}

/** `fetch` reports only "fetch failed" and puts the reason into the error's cause. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error && cause.cause.message !== "" ? cause.cause.message : cause.message;
}

/**
 * The wait before a call is retried, or null when it must not be retried.
 *
 * After 429 and 503 with `Retry-After`, the server has done nothing. Without a response, it is unknown whether the call
 * took effect. Such a call is repeated only if that is safe: a read, change or removal, or a call with an idempotency
 * key.
 */
function retryWaitMs(call: Call, outcome: Outcome, retries: number): number | null {
  if (outcome.kind === "lost") {
    const { repeatable = call.method !== "POST" || call.idempotencyKey !== undefined } = call;
    return repeatable ? backoffMs(retries) : null;
  }
  const { status, headers } = outcome.response;
  if (status !== 429 && status !== 503) return null;
  const seconds = retryAfterSeconds(headers);
  return seconds === null || seconds > RETRY_AFTER_SECONDS_MAX ? null : seconds * 1000;
}

/** Exponential backoff up to `mostMs`. The jitter keeps clients that lost a server together from returning together. */
export function backoffMs(retries: number, mostMs = Number.POSITIVE_INFINITY): number {
  return Math.min(BACKOFF_FIRST_MS * 2 ** retries, mostMs) * (0.5 + Math.random() / 2);
}

/** `Retry-After` as a number of seconds or a date (RFC 9110 §10.2.3); null when it is absent or invalid. */
function retryAfterSeconds(headers: Headers): number | null {
  const text = headers.get("retry-after");
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, (date - Date.now()) / 1000);
}

function settle<Body>(call: Call, outcome: Outcome, retries: number): Result<Body> {
  if (outcome.kind === "lost") throw outcome.error;
  const { response, text } = outcome;
  const isAnswer = response.ok || response.status === call.answerStatus;
  const error = isAnswer ? null : responseError(response, text);
  // A retried DELETE whose first response was lost has succeeded: the record is gone.
  const doneAlready = call.method === "DELETE" && retries > 0 && error !== null && isAlreadyDone(call, error);
  if (error !== null && !doneAlready) throw error;
  const isJson = response.status !== 204 && !doneAlready && call.plainText !== true;
  const body = isJson ? parseJson(response, text) : undefined;
  return { body: body as Body, text, headers: response.headers };
}

function isAlreadyDone(call: Call, { status, code }: SignalboxError): boolean {
  return call.doneCode === undefined ? status === 404 : code === call.doneCode;
}

function parseJson(response: Response, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = "The response is not JSON; is this the address of a Signalbox server?";
    throw new SignalboxError({ status: response.status, code: "PROTOCOL_ERROR", message, cause });
  }
}

/** The error in a response, in any of the server's three error formats. */
export function responseError(response: Response, text: string): SignalboxError {
  const { code, message, details } = errorFields(text);
  return new SignalboxError({
    status: response.status,
    code: code ?? `HTTP_${response.status}`,
    message: message ?? `The server responded with status ${response.status}.`,
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
    return null; // probably a proxy's page; the status is all there is
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** The default {@link Wait}. */
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
