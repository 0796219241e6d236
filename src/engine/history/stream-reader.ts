/** One reader of the live stream: the store's outcomes first when it resumes, then what is pushed. */
import type { News, Topic } from "../../domain/history/news.ts";
import type { Seq } from "../../domain/ids.ts";
import { LIST_PAGE_MAX, STREAM_BEHIND_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeliveryRow, OutcomeRow, Store } from "../../ports/store.ts";
import type { StreamInput, StreamItem } from "./history-types.ts";
import { StreamRateLimit } from "./stream-rate-limit.ts";

export class StreamReader {
  readonly #store: Pick<Store, "tail" | "notes">;
  readonly #tenantSeq: Seq;
  readonly #input: StreamInput;
  readonly #topics: ReadonlySet<Topic>;
  readonly #rateLimit: StreamRateLimit;
  /** The position after which the reader has outcomes left, if there are any. */
  #last: Seq;
  /** What was pushed and not read yet. */
  readonly #buffer: StreamItem[] = [];
  /** False while the reader depends on the store alone for its outcomes. */
  #live: boolean;
  /** False while it reads from the store what was before it went live. */
  #hasCaughtUp: boolean;
  /** Whether several nodes store outcomes, which the reader then finds in the store only. */
  readonly #follows: boolean;
  #isBehind = false;
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(
    store: Pick<Store, "tail" | "notes">,
    clock: Pick<Clock, "now" | "after">,
    tenantSeq: Seq,
    input: StreamInput,
  ) {
    this.#store = store;
    this.#follows = store.notes !== null;
    this.#tenantSeq = tenantSeq;
    this.#input = input;
    this.#topics = new Set(input.topics);
    this.#rateLimit = new StreamRateLimit(clock, input.perSecondMax, () => this.#wake?.());
    this.#last = input.after ?? 0;
    this.#live = !this.#resumes;
    this.#hasCaughtUp = !this.#resumes;
  }

  /** Where a client resumes that has got everything up to now; null if it follows no outcomes. */
  get position(): Seq | null {
    return this.#topics.has("delivery") ? this.#last : null;
  }

  push(outcome: OutcomeRow): void {
    // While it is not live, the reader will find this outcome in the store.
    if (!this.#live) return;
    if (!this.#wantsOutcome(outcome.row) || !this.#rateLimit.allows("delivery")) {
      this.#pass(outcome.attemptSeq);
      return;
    }
    // The client can resume after the last outcome that it got.
    if (this.#buffer.length >= STREAM_BEHIND_MAX) this.#ended = true;
    else this.#buffer.push({ kind: "outcome", ...outcome });
    this.#wake?.();
  }

  /** A client that resumes need not start before an outcome that it does not want. */
  #pass(attemptSeq: Seq): void {
    if (this.#hasCaughtUp && this.#buffer.length === 0) this.#last = Math.max(this.#last, attemptSeq);
  }

  /** The store may have outcomes that the reader has not read. */
  follow(): void {
    this.#isBehind = true;
    this.#wake?.();
  }

  announce(news: News): void {
    if (!this.#wantsNews(news)) return;
    if (this.#buffer.length >= STREAM_BEHIND_MAX) this.#rateLimit.skip(news.topic);
    else if (this.#rateLimit.allows(news.topic)) this.#buffer.push({ kind: "news", news });
    this.#wake?.();
  }

  /** News of these topics were lost between nodes. */
  missed(topics: readonly Topic[]): void {
    for (const topic of topics) if (this.#topics.has(topic)) this.#rateLimit.skip(topic, 0);
  }

  end(): void {
    this.#ended = true;
    this.#rateLimit.stop();
    this.#wake?.();
  }

  /** Resolves once the reader has every outcome that is stored from then on. */
  async ready(): Promise<void> {
    if (this.#resumes || !this.#topics.has("delivery")) return;
    const { upTo } = await this.#store.tail(this.#tenantSeq, null, 1);
    this.#last = Math.max(this.#last, upTo);
  }

  async *items(): AsyncGenerator<StreamItem, void, void> {
    if (this.#resumes) yield* this.#stored();
    this.#hasCaughtUp = true;
    while (!this.#ended) {
      yield* this.#news();
      if (this.#isBehind && this.#topics.has("delivery")) {
        this.#isBehind = false;
        yield* this.#stored();
      }
      const item = this.#buffer.shift();
      if (item === undefined) {
        if (!this.#hasMore()) await this.#pushed();
      } else if (item.kind !== "outcome") {
        yield item;
      } else if (item.attemptSeq > this.#last) {
        this.#last = item.attemptSeq;
        yield item;
      }
    }
  }

  /** What was skipped, and the news that now precede the next outcome. */
  *#news(): Generator<StreamItem, void, void> {
    const skipped = this.#rateLimit.takeSkipped();
    if (skipped !== null) yield { kind: "skipped", ...skipped };
    for (let left = this.#buffer.length; left > 0 && this.#buffer[0]?.kind === "news"; left -= 1) {
      yield this.#buffer.shift() as StreamItem;
    }
  }

  get #resumes(): boolean {
    return this.#input.after !== null && this.#topics.has("delivery");
  }

  /**
   * Read the store up to its end, go live, and read it once more.
   *
   * The second read finds the outcomes that were settled before the reader went live. Outcomes that were both read and
   * pushed are dropped by their position.
   */
  async *#stored(): AsyncGenerator<StreamItem, void, void> {
    while (!this.#ended) {
      const wasLive = this.#live;
      const page = await this.#store.tail(this.#tenantSeq, this.#last, LIST_PAGE_MAX);
      for (const outcome of page.outcomes) {
        if (this.#ended) return;
        this.#last = outcome.attemptSeq;
        if (this.#wantsOutcome(outcome.row) && this.#rateLimit.allows("delivery"))
          yield { kind: "outcome", ...outcome };
      }
      this.#last = page.upTo;
      // The store can get outcomes as fast as this reads them.
      yield* this.#news();
      if (page.more) continue;
      if (wasLive || this.#follows) return;
      this.#live = true;
    }
  }

  #wantsOutcome({ endpointId, state }: DeliveryRow): boolean {
    const { endpointId: only, states } = this.#input;
    if (!this.#topics.has("delivery") || (only !== null && only !== endpointId)) return false;
    return states === null || states.includes(state);
  }

  #wantsNews(news: News): boolean {
    if (!this.#topics.has(news.topic)) return false;
    const { endpointId: only } = this.#input;
    return only === null || news.topic !== "endpoint" || news.endpointId === only;
  }

  /** Something came while the reader of the stream was busy with the last item. */
  #hasMore(): boolean {
    if (this.#ended || this.#buffer.length > 0 || this.#rateLimit.isDue) return true;
    return this.#isBehind && this.#topics.has("delivery");
  }

  #pushed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null;
        resolve();
      };
    });
  }
}
