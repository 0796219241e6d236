import { Analytics, Jobs, Keys, Replays, Tenants, Webhooks } from "./admin.ts";
import { Deliveries } from "./deliveries.ts";
import { Endpoints } from "./endpoints.ts";
import { Events } from "./events.ts";
import { type CallOptions, Transport, type Wait, waitForReal } from "./http.ts";
import { checkOptionalFunction, checkOptionalString, checkString } from "./options.ts";
import type { CreatedPause, EndedPause, Pause, PauseFilter, PauseInput, PausePage } from "./pause.ts";
import {
  cancelPause,
  createPause,
  type GetPauseOptions,
  getPause,
  iteratePauses,
  listPauses,
  type PauseOptions,
  type WaitForPauseOptions,
  waitForPause,
} from "./pauses.ts";
import { type StreamEvent, type StreamOptions, stream } from "./stream.ts";

/** Where the server is, and who is calling. */
export interface SignalboxOptions {
  /** The server's address, such as `https://signalbox.example.com`; a path in it is kept. */
  readonly url: string;
  /** `sb_live_…` or `sb_test_…`. */
  readonly apiKey: string;
  /** `dev_…`: act in this tenant instead of the own one; for a `global_admin`. */
  readonly tenant?: string;
  /** Default the platform's. */
  readonly fetch?: typeof fetch;
  /** How to wait between tries; for tests. */
  readonly wait?: Wait;
}

/**
 * A Signalbox server.
 *
 * Calls reject with a `SignalboxError`. They are tried again, at most three times, where that is safe: after 429 and
 * 503 with `Retry-After`, and after network errors unless the call could then happen twice. Before anything is sent, an
 * argument that is not what its type says, such as an id that is undefined, is a `TypeError`.
 */
export class Signalbox {
  readonly endpoints: Endpoints;
  readonly events: Events;
  readonly deliveries: Deliveries;
  readonly replays: Replays;
  readonly analytics: Analytics;
  readonly jobs: Jobs;
  readonly keys: Keys;
  readonly tenants: Tenants;
  readonly webhooks: Webhooks;
  readonly #transport: Transport;

  /** @throws {TypeError} when `url` is not an http or https URL, or any other option is not what it has to be */
  constructor(options: SignalboxOptions) {
    checkUrl(options.url);
    checkString("apiKey", options.apiKey);
    checkOptionalString("tenant", options.tenant);
    checkOptionalFunction("fetch", options.fetch);
    checkOptionalFunction("wait", options.wait);
    const { fetch = globalThis.fetch, wait = waitForReal } = options;
    this.#transport = new Transport({ ...options, fetch, wait });
    this.endpoints = new Endpoints(this.#transport);
    this.events = new Events(this.#transport);
    this.deliveries = new Deliveries(this.#transport);
    this.replays = new Replays(this.#transport);
    this.analytics = new Analytics(this.#transport);
    this.jobs = new Jobs(this.#transport);
    this.keys = new Keys(this.#transport);
    this.tenants = new Tenants(this.#transport);
    this.webhooks = new Webhooks(this.#transport);
  }

  /** Follow the outcomes of deliveries, across lost connections, until the loop is left or the signal ends it. */
  stream(options: StreamOptions = {}): AsyncGenerator<StreamEvent, void, undefined> {
    return stream(this.#transport, options);
  }

  /**
   * Ask a person: stop for a decision, and go on with `waitForPause`.
   *
   * Nobody is asked twice: the call has an idempotency key, and is repeated with it after a network error. Give your
   * own (the id of the work that stops here) and, for 72 hours, the same question is the same pause, also for a
   * program that was started again.
   */
  pause(input: PauseInput, options?: PauseOptions): Promise<CreatedPause> {
    return createPause(this.#transport, input, options);
  }

  /** A pause as it is now or, with `wait`, as it is when it ends, but no later than that many seconds from now. */
  getPause(id: string, options?: GetPauseOptions): Promise<Pause> {
    return getPause(this.#transport, id, options);
  }

  /**
   * Wait until a pause was answered, timed out or was cancelled.
   *
   * Asks again after lost connections, restarts of the server, 408, 429 and 5xx, however many there are, at most 10 s
   * apart, or as long as a `Retry-After` says, up to 60 s.
   *
   * @throws {SignalboxError} when the server refuses for good, such as 401 or 404, or `timeoutMs` are over (`TIMEOUT`;
   * `cause` is then the last failure, if there was one)
   */
  waitForPause(id: string, options?: WaitForPauseOptions): Promise<EndedPause> {
    return waitForPause(this.#transport, id, options);
  }

  /** One page of pauses, newest first. */
  listPauses(filter?: PauseFilter & { readonly cursor?: string }, options?: CallOptions): Promise<PausePage> {
    return listPauses(this.#transport, filter, options);
  }

  /** All pauses, newest first, fetched page by page as the loop goes on. */
  iteratePauses(filter?: PauseFilter, options?: CallOptions): AsyncGenerator<Pause, void, undefined> {
    return iteratePauses(this.#transport, filter, options);
  }

  /** Withdraw a question. 409 `ALREADY_RESPONDED`, `ALREADY_TIMED_OUT` or `ALREADY_CANCELLED` when it has ended. */
  cancelPause(id: string, options?: CallOptions): Promise<EndedPause> {
    return cancelPause(this.#transport, id, options);
  }
}

function checkUrl(url: string): void {
  checkString("url", url);
  // The platform's parser would repair `http:host` and `http:///host`, and read `localhost:8080` as a scheme.
  if (!/^https?:\/\/[^/\\\s]/i.test(url)) throw new TypeError(`url must begin with http:// or https://${meant(url)}`);
  if (/^[^/]*\/\/[^/?#]*@/.test(url)) throw new TypeError("url must not hold a user name or password");
  if (/[\s\\]/.test(url) || !URL.canParse(url)) throw new TypeError(`url is not a valid URL: ${JSON.stringify(url)}`);
  const { pathname, search, hash } = new URL(url);
  // The calls' paths are put behind it.
  if (/\/v1\/*$/.test(pathname)) throw new TypeError("url must be the server's address, without /v1 at its end");
  if (search !== "" || hash !== "") throw new TypeError("url must have neither a query nor a fragment");
}

/** What a text without a scheme probably means: a server nearby speaks http. */
function meant(url: string): string {
  const host = url.replace(/^(?:https?:)?[\s\\/]*/i, "").trim();
  if (!/^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?(?:\/[\w./-]*)?$/i.test(host)) return "";
  const isNear = /^(?:localhost|[\d.]+|\[)/i.test(host) || !host.includes(".");
  const scheme = /^https:/i.test(url) || !(isNear || /^http:/i.test(url)) ? "https" : "http";
  return `; did you mean "${scheme}://${host}"?`;
}
