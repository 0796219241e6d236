import { Analytics, Jobs, Keys, Replays, Tenants, Webhooks } from "./admin.ts";
import { Deliveries } from "./deliveries.ts";
import { Endpoints } from "./endpoints.ts";
import { Events } from "./events.ts";
import { Transport, type Wait, waitForReal } from "./http.ts";
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
 * 503 with `Retry-After`, and after network errors unless the call could then happen twice.
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

  /** @throws {TypeError} when `url` is not an http or https URL, or `apiKey` is empty */
  constructor(options: SignalboxOptions) {
    const { protocol } = new URL(options.url);
    if (protocol !== "http:" && protocol !== "https:")
      throw new TypeError(`${options.url} is not an http or https URL`);
    if (options.apiKey === "") throw new TypeError("the API key is empty");
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
}
