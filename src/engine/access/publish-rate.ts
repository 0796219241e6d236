/**
 * Each tenant's publish rate: a token bucket that holds one second's worth of events and refills continuously.
 *
 * A request passes as a whole when the bucket holds at least one token. The tokens may become negative, and the next
 * requests wait until the debt is paid. So a batch of any size gets through, and the rate still holds.
 */
import { LRUCache } from "lru-cache";
import { type QuotaExceeded, quotaExceeded } from "../../domain/access/quota.ts";
import type { Seq } from "../../domain/ids.ts";
import { entriesMax, RATED_TENANTS_COUNT_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AccessVerbs } from "../../ports/store.ts";

export interface TooFast extends QuotaExceeded {
  readonly waitMs: number;
}

interface Bucket {
  readonly perSecond: number;
  tokens: number;
  filledAtMs: number;
}

export class PublishRate {
  readonly #store: Pick<AccessVerbs, "findQuotas">;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #buckets = new LRUCache<Seq, Bucket>(entriesMax(RATED_TENANTS_COUNT_MAX));
  readonly #loading = new Map<Seq, Promise<Bucket>>();

  constructor(store: Pick<AccessVerbs, "findQuotas">, clock: Pick<Clock, "monotonicMs">) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Take one token for each event that a tenant is about to publish. Null: the tenant may publish them. Returns a promise
   * only while the tenant's quota is not cached.
   */
  consume(tenantSeq: Seq, events: number): TooFast | null | Promise<TooFast | null> {
    const bucket = this.#buckets.get(tenantSeq);
    if (bucket !== undefined) return this.#take(bucket, events);
    return (this.#loading.get(tenantSeq) ?? this.#load(tenantSeq)).then((loaded) => this.#take(loaded, events));
  }

  /** The quotas of one tenant changed; without an argument, those of any tenant may have changed. */
  forget(tenantSeq?: Seq): void {
    if (tenantSeq === undefined) {
      this.#buckets.clear();
      this.#loading.clear();
    } else {
      this.#buckets.delete(tenantSeq);
      this.#loading.delete(tenantSeq);
    }
  }

  #load(tenantSeq: Seq): Promise<Bucket> {
    const promise = this.#store.findQuotas(tenantSeq).then(({ events_per_second: perSecond }) => {
      const bucket = { perSecond, tokens: perSecond, filledAtMs: this.#clock.monotonicMs() };
      // Requests that already wait may use a quota that changed during the read, but it is not cached.
      if (this.#loading.get(tenantSeq) === promise) this.#buckets.set(tenantSeq, bucket);
      return bucket;
    });
    this.#loading.set(tenantSeq, promise);
    const done = () => {
      if (this.#loading.get(tenantSeq) === promise) this.#loading.delete(tenantSeq);
    };
    promise.then(done, done);
    return promise;
  }

  #take(bucket: Bucket, events: number): TooFast | null {
    const nowMs = this.#clock.monotonicMs();
    const { perSecond } = bucket;
    bucket.tokens = Math.min(perSecond, bucket.tokens + ((nowMs - bucket.filledAtMs) * perSecond) / 1000);
    bucket.filledAtMs = nowMs;
    if (bucket.tokens < 1) {
      return { ...quotaExceeded("events_per_second", perSecond), waitMs: ((1 - bucket.tokens) * 1000) / perSecond };
    }
    bucket.tokens -= events;
    return null;
  }
}
