/**
 * What happens on the server, for every tab of a browser with one connection.
 *
 * The tab that holds a Web Lock reads the stream, and tells the other tabs by a BroadcastChannel. An event only says what
 * to read again. A browser opens six connections to a host, so a stream for each tab would leave none for requests.
 */
import { type FollowedEvent, type Signalbox, SignalboxError, type StreamTopic } from "@signalbox/sdk";
import { wait } from "../parts/time/wait.ts";

const TOPICS: readonly StreamTopic[] = ["delivery", "event", "endpoint", "pause", "inbound", "job", "status"];
/**
 * What else an event of a topic changes: `delivery` tells only outcomes, and none of a delivery that has just been created,
 * held, released, or cancelled by a job.
 */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  event: ["delivery"],
  endpoint: ["delivery"],
  job: ["delivery"],
  // An answered question and a verified request publish an event.
  pause: ["event", "delivery"],
  inbound: ["event", "delivery"],
};
/** Of each topic. Of more, the server tells only the topic, and a page reads no more often than below. */
const EVENTS_PER_SECOND_MAX = 20;
/** How often a topic's queries are read again at most, however much happens. */
const INVALIDATE_MS = 2_000;
const POLL_MS = 15_000;
/** A tab that nobody looks at holds no connection. */
const HIDDEN_MS = 5 * 60_000;

export type LiveState =
  | { readonly kind: "connecting" | "live" | "paused" }
  | { readonly kind: "polling"; readonly sinceMs: number };

type Message =
  | { readonly kind: "event"; readonly event: FollowedEvent }
  | { readonly kind: "state"; readonly state: LiveState }
  | { readonly kind: "hello" | "refresh" };

interface LiveOptions {
  readonly api: Signalbox;
  /** Tabs with the same name share a stream: it names the person and the tenant. */
  readonly name: string;
  readonly onTopics: (topics: ReadonlySet<string>) => void;
  readonly onState: (state: LiveState) => void;
  /** The session has ended. */
  readonly onRefused: () => void;
}

/** Follows the stream until the returned function is called. */
export function startLive(options: LiveOptions): () => void {
  const live = new Live(options);
  return () => live.stop();
}

class Live {
  readonly #options: LiveOptions;
  readonly #channel: BroadcastChannel;
  readonly #stopped = new AbortController();
  #session = new AbortController();
  #state: LiveState = { kind: "connecting" };
  #leads = false;
  /** Whether another tab has followed the stream while this one was open. */
  #heardOthers = false;
  #due = new Set<string>();
  #polling: ReturnType<typeof setInterval> | undefined;
  #flushing: ReturnType<typeof setTimeout> | undefined;
  #hiding: ReturnType<typeof setTimeout> | undefined;
  #lastEventId: string | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#channel = new BroadcastChannel(`signalbox-live:${options.name}`);
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#hear(data);
    document.addEventListener("visibilitychange", this.#onVisibility);
    this.#channel.postMessage({ kind: "hello" } satisfies Message);
    this.#join();
  }

  stop(): void {
    this.#stopped.abort();
    this.#session.abort();
    document.removeEventListener("visibilitychange", this.#onVisibility);
    clearTimeout(this.#flushing);
    clearTimeout(this.#hiding);
    clearInterval(this.#polling);
    this.#channel.close();
  }

  /** Waits for the lock, and leads while it holds it. A browser without locks leads at once. */
  #join(): void {
    this.#session = new AbortController();
    const { signal } = this.#session;
    const lead = () => this.#lead(signal);
    if (!("locks" in navigator)) {
      void lead();
      return;
    }
    navigator.locks.request(`signalbox-live:${this.#options.name}`, { signal }, lead).catch(() => undefined);
  }

  async #lead(signal: AbortSignal): Promise<void> {
    this.#leads = true;
    this.#tell({ kind: "connecting" });
    while (!signal.aborted) {
      try {
        await this.#follow(signal);
      } catch (error) {
        if (isRefused(error)) {
          if (error.status === 401) this.#options.onRefused();
          break;
        }
      }
      if (!signal.aborted) await wait(POLL_MS, signal);
    }
    clearInterval(this.#polling);
    this.#leads = false;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const events = this.#options.api.follow({
      topics: TOPICS,
      maxPerSecond: EVENTS_PER_SECOND_MAX,
      lastEventId: this.#lastEventId,
      signal,
      onConnection: (open) => (open ? this.#connected() : this.#lost()),
    });
    for await (const event of events) {
      if ("id" in event) this.#lastEventId = event.id;
      this.#channel.postMessage({ kind: "event", event } satisfies Message);
      this.#take(event);
    }
  }

  #connected(): void {
    clearInterval(this.#polling);
    // What happened while there was no connection, or before this tab took over from another.
    if (this.#state.kind === "polling" || this.#heardOthers) this.#refreshAll();
    this.#heardOthers = false;
    this.#tell({ kind: "live" });
  }

  /** Reads everything again now and then, until the stream is there again. */
  #lost(): void {
    if (this.#session.signal.aborted || this.#state.kind === "polling") return;
    this.#tell({ kind: "polling", sinceMs: Date.now() });
    this.#polling = setInterval(() => this.#refreshAll(), POLL_MS);
  }

  /** In every tab. */
  #refreshAll(): void {
    this.#channel.postMessage({ kind: "refresh" } satisfies Message);
    this.#refresh();
  }

  #tell(state: LiveState): void {
    this.#channel.postMessage({ kind: "state", state } satisfies Message);
    this.#setState(state);
  }

  #setState(state: LiveState): void {
    this.#state = state;
    this.#options.onState(state);
  }

  #hear(message: Message): void {
    if (message.kind === "event") this.#take(message.event);
    else if (message.kind === "state") {
      this.#heardOthers = true;
      this.#setState(message.state);
    } else if (message.kind === "refresh") this.#refresh();
    else if (this.#leads) this.#channel.postMessage({ kind: "state", state: this.#state } satisfies Message);
  }

  #refresh(): void {
    for (const topic of TOPICS) this.#due.add(topic);
    this.#flush();
  }

  #take(event: FollowedEvent): void {
    const topics = event.type === "skipped" ? event.data.topics : [event.type];
    for (const topic of topics) for (const due of [topic, ...(ALSO[topic] ?? [])]) this.#due.add(due);
    this.#flushing ??= setTimeout(() => this.#flush(), INVALIDATE_MS);
  }

  #flush(): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    const topics = this.#due;
    this.#due = new Set();
    if (!document.hidden && topics.size > 0) this.#options.onTopics(topics);
  }

  readonly #onVisibility = (): void => {
    clearTimeout(this.#hiding);
    if (document.hidden) {
      this.#hiding = setTimeout(() => {
        this.#session.abort();
        clearInterval(this.#polling);
        this.#setState({ kind: "paused" });
      }, HIDDEN_MS);
      return;
    }
    this.#refresh();
    if (this.#session.signal.aborted && !this.#stopped.signal.aborted) {
      this.#setState({ kind: "connecting" });
      this.#join();
    }
  };
}

/** The session has ended, or may not: trying again would not help. */
function isRefused(error: unknown): error is SignalboxError {
  return error instanceof SignalboxError && (error.status === 401 || error.status === 403);
}
