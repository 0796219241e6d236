import { Analytics, Jobs, Keys, Replays, Tenants, Webhooks } from "./admin.ts";
import { Deliveries } from "./delivery/deliveries.ts";
import { Events } from "./delivery/events.ts";
import { Endpoints } from "./endpoints.ts";
import { type CallOptions, Transport, type Wait, waitForReal } from "./http.ts";
import { InboundEvents, Sources } from "./inbound/inbound.ts";
import { PauseStatusRecords } from "./inbound/pause-status.ts";
import { RETRIES_MAX } from "./limits.ts";
import { listen } from "./listening/listen.ts";
import { Listeners } from "./listening/listeners.ts";
import type { ListenEnd, ListenHandler, ListenOptions } from "./listening/types.ts";
import { checkAmount, checkOptionalFunction, checkOptionalString, checkString } from "./options.ts";
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
} from "./pauses/pause.ts";
import {
  answerPauseLink,
  cancelPause,
  countPauses,
  createPause,
  decidePause,
  extendPause,
  type GetPauseOptions,
  getPause,
  iteratePauses,
  listPauses,
  type PauseOptions,
  readPauseLink,
  resendPause,
  revealPauseLink,
  type WaitForPauseOptions,
  waitForPause,
} from "./pauses/pauses.ts";
import { ReceiptKeys } from "./pauses/receipt-keys.ts";
import { Audit, Session, Users } from "./people.ts";
import { Status } from "./status.ts";
import { type FollowedEvent, type FollowOptions, type StreamEvent, type StreamOptions, stream } from "./stream.ts";
import { Terminals } from "./terminals.ts";

/** The server's address and your credentials. */
export interface SignalboxOptions {
  /** The server's address, such as `https://signalbox.example.com`. It may contain a path. */
  readonly url: string;
  /** `sb_live_…` or `sb_test_…`. */
  readonly apiKey: string;
  /** `dev_…`: the tenant to act in, instead of your own. Needs the role `global_admin`. */
  readonly tenant?: string;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** How to wait between attempts; for tests. */
  readonly wait?: Wait;
  /** The most retries of one call, 0 to 3. Default: 3. */
  readonly retries?: number;
}

/** Options for a page that the Signalbox server itself serves: the browser sends the session cookie instead of a key. */
export interface SessionOptions extends Omit<SignalboxOptions, "apiKey"> {
  readonly session: true;
}

/**
 * A client for a Signalbox server.
 *
 * Calls reject with a `SignalboxError`. The client retries a call at most three times, and only when that is safe:
 * after 429 and 503 with `Retry-After`, and after network errors if the call is safe to repeat. An argument of the
 * wrong type, such as an undefined id, is a `TypeError`, and nothing is sent.
 */
export class Signalbox {
  readonly endpoints: Endpoints;
  readonly listeners: Listeners;
  readonly events: Events;
  readonly deliveries: Deliveries;
  readonly replays: Replays;
  readonly analytics: Analytics;
  readonly jobs: Jobs;
  readonly keys: Keys;
  readonly receiptKeys: ReceiptKeys;
  readonly tenants: Tenants;
  readonly users: Users;
  readonly audit: Audit;
  readonly sources: Sources;
  readonly inboundEvents: InboundEvents;
  readonly pauseStatus: PauseStatusRecords;
  readonly status: Status;
  readonly webhooks: Webhooks;
  readonly session: Session;
  readonly terminals: Terminals;
  readonly #transport: Transport;

  /**
   * @throws {TypeError} when `url` is not an http or https URL, or another option is invalid
   */
  constructor(options: SignalboxOptions | SessionOptions) {
    checkUrl(options.url);
    const isSession = "session" in options && options.session === true;
    if (!isSession) checkString("apiKey", (options as SignalboxOptions).apiKey);
    const apiKey = isSession ? null : (options as SignalboxOptions).apiKey;
    checkOptionalString("tenant", options.tenant);
    checkOptionalFunction("fetch", options.fetch);
    checkOptionalFunction("wait", options.wait);
    const { url, tenant, fetch = globalThis.fetch, wait = waitForReal, retries = RETRIES_MAX } = options;
    checkAmount("retries", retries);
    const retriesMax = Math.min(retries, RETRIES_MAX);
    this.#transport = new Transport({ url, apiKey, tenant, fetch, wait, retriesMax });
    this.endpoints = new Endpoints(this.#transport);
    this.listeners = new Listeners(this.#transport);
    this.events = new Events(this.#transport);
    this.deliveries = new Deliveries(this.#transport);
    this.replays = new Replays(this.#transport);
    this.analytics = new Analytics(this.#transport);
    this.jobs = new Jobs(this.#transport);
    this.keys = new Keys(this.#transport);
    this.receiptKeys = new ReceiptKeys(this.#transport);
    this.tenants = new Tenants(this.#transport);
    this.users = new Users(this.#transport);
    this.audit = new Audit(this.#transport);
    this.sources = new Sources(this.#transport);
    this.inboundEvents = new InboundEvents(this.#transport);
    this.pauseStatus = new PauseStatusRecords(this.#transport);
    this.status = new Status(this.#transport);
    this.webhooks = new Webhooks(this.#transport);
    this.session = new Session(this.#transport);
    this.terminals = new Terminals(this.#transport);
  }

  /**
   * Follow the outcomes of deliveries. The stream reconnects after lost connections. It ends when you leave the loop or
   * abort the signal.
   */
  stream(options: StreamOptions = {}): AsyncGenerator<StreamEvent, void, undefined> {
    return stream<StreamEvent>(this.#transport, options);
  }

  /**
   * Receive the deliveries of a listener in this program, which needs no address of its own. `handler` makes each attempt,
   * and its answer is the outcome. The stream reconnects for as long as it takes. Nothing is lost meanwhile: deliveries
   * wait, and an attempt on the wire when the stream breaks is made again with the same `webhook-id`.
   *
   * @throws {SignalboxError} when the server refuses, for example with 409 `LISTENER_BUSY`
   */
  listen(options: ListenOptions, handler: ListenHandler): Promise<ListenEnd> {
    return listen(this.#transport, options, handler);
  }

  /** Follow several topics at once, such as outcomes, endpoints and jobs. It reconnects as `stream` does. */
  follow(options: FollowOptions): AsyncGenerator<FollowedEvent, void, undefined> {
    return stream<FollowedEvent>(this.#transport, options);
  }

  /**
   * Ask a person for a decision. Use `waitForPause` to wait for it.
   *
   * The call never asks twice: it has an idempotency key, which it reuses when it retries after a network error. If you
   * pass your own key, such as the id of the task that waits here, the same question returns the same pause for 72
   * hours, even after your program was restarted.
   */
  pause(input: PauseInput, options?: PauseOptions): Promise<CreatedPause> {
    return createPause(this.#transport, input, options);
  }

  /**
   * Get the current state of a pause. With `wait`, the call returns when the pause ends, or after that many seconds.
   */
  getPause(id: string, options?: GetPauseOptions): Promise<Pause> {
    return getPause(this.#transport, id, options);
  }

  /**
   * Wait until a pause is answered, times out or is cancelled.
   *
   * The call continues across lost connections, server restarts, and any number of 408, 429 and 5xx responses. It asks
   * again after at most 10 s, or after the time in `Retry-After`, up to 60 s.
   *
   * @throws {SignalboxError} when the server refuses permanently, for example with 401 or 404, or when `timeoutMs` has
   *   passed (`TIMEOUT`; `cause` is the last failure, if there was one)
   */
  waitForPause(id: string, options?: WaitForPauseOptions): Promise<EndedPause> {
    return waitForPause(this.#transport, id, options);
  }

  /** How many pauses have each status. */
  countPauses(options?: CallOptions): Promise<PauseCounts> {
    return countPauses(this.#transport, options);
  }

  /**
   * Decide a pause as the signed-in user. This call needs a session: a key gets 403 `SESSION_REQUIRED`.
   *
   * If somebody else was faster, the error is 410 `TOKEN_USED` or `TOKEN_EXPIRED`, or 409 `ALREADY_CANCELLED`. A
   * protected pause needs the user's password: 403 `PASSWORD_REQUIRED`.
   */
  decidePause(id: string, decision: PauseDecision, options?: CallOptions): Promise<Pause> {
    return decidePause(this.#transport, id, decision, options);
  }

  /** Give a pending pause a later deadline, at most a year from now. Needs the role `org_admin`. */
  extendPause(id: string, extension: PauseExtension, options?: CallOptions): Promise<Pause> {
    return extendPause(this.#transport, id, extension, options);
  }

  /** Send the person the message again. Needs the role `org_admin`. */
  resendPause(id: string, options?: CallOptions): Promise<Pause> {
    return resendPause(this.#transport, id, options);
  }

  /** The link of a pending pause, which the audit log records. Needs a session and the role `org_admin`. */
  revealPauseLink(id: string, options?: CallOptions): Promise<string> {
    return revealPauseLink(this.#transport, id, options);
  }

  /**
   * Read a question through its link, for a page of your own.
   *
   * @param token the last part of `respond_url`
   */
  readPauseLink(token: string, options?: CallOptions): Promise<PauseLink> {
    return readPauseLink(this.#transport, token, options);
  }

  /**
   * Send the answer of the person who has the link. If the pause has ended otherwise, the error is 410 `TOKEN_USED` or
   * `TOKEN_EXPIRED`, or 409 `ALREADY_CANCELLED`.
   */
  answerPauseLink(token: string, answer: PauseAnswer, options?: CallOptions): Promise<PauseLink> {
    return answerPauseLink(this.#transport, token, answer, options);
  }

  /** One page of pauses, newest first unless the filter says otherwise. */
  listPauses(filter?: PauseFilter & { readonly cursor?: string }, options?: CallOptions): Promise<PausePage> {
    return listPauses(this.#transport, filter, options);
  }

  /** All pauses, newest first. Further pages are fetched as you iterate. */
  iteratePauses(filter?: PauseFilter, options?: CallOptions): AsyncGenerator<Pause, void, undefined> {
    return iteratePauses(this.#transport, filter, options);
  }

  /**
   * Cancel a pause. If it has already ended, the error is 409 `ALREADY_RESPONDED`, `ALREADY_TIMED_OUT` or
   * `ALREADY_CANCELLED`.
   */
  cancelPause(id: string, options?: CallOptions): Promise<EndedPause> {
    return cancelPause(this.#transport, id, options);
  }
}

function checkUrl(url: string): void {
  checkString("url", url);
  // `URL` would repair `http:host` and `http:///host`, and would read `localhost:8080` as a scheme.
  if (!/^https?:\/\/[^/\\\s]/i.test(url))
    throw new TypeError(`url must begin with http:// or https://${suggestion(url)}`);
  if (/^[^/]*\/\/[^/?#]*@/.test(url)) throw new TypeError("url must not contain a user name or password");
  if (/[\s\\]/.test(url) || !URL.canParse(url)) throw new TypeError(`url is not a valid URL: ${JSON.stringify(url)}`);
  const { pathname, search, hash } = new URL(url);
  // The paths of the calls are appended to it.
  if (/\/v1\/*$/.test(pathname)) throw new TypeError("url must be the server's address without /v1");
  if (search !== "" || hash !== "") throw new TypeError("url must have neither a query nor a fragment");
}

/** A suggestion for a URL without a scheme. Local servers usually speak http. */
function suggestion(url: string): string {
  const host = url.replace(/^(?:https?:)?[\s\\/]*/i, "").trim();
  if (!/^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?(?:\/[\w./-]*)?$/i.test(host)) return "";
  const isLocal = /^(?:localhost|[\d.]+|\[)/i.test(host) || !host.includes(".");
  const scheme = /^https:/i.test(url) || !(isLocal || /^http:/i.test(url)) ? "https" : "http";
  return `; did you mean "${scheme}://${host}"?`;
}
