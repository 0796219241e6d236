/**
 * How fast each tenant publishes: a bucket of as many events as it may publish in a second, refilled all the time.
 *
 * A request is taken whole as soon as there is room for one event of it, and what it takes beyond the bucket the next
 * requests wait for. So a batch of any size gets through, and the rate still holds.
 */
import { LRUCache } from "lru-cache";
import { type QuotaExceeded, quotaExceeded } from "../../domain/access/quota.ts";
import type { Seq } from "../../domain/ids.ts";
import { RATED_TENANTS_COUNT_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AccessVerbs } from "../../ports/store.ts";

/** Null: go on. */
export type Admission = TooFast | null;

export interface TooFast extends QuotaExceeded {
  readonly waitMs: number;
}

export interface Pace {
  /** Count events that a tenant is about to publish. A promise only until the tenant's quota is known. */
  admit(tenantSeq: Seq, events: number): Admission | Promise<Admission>;
  /** Quotas were changed: of one tenant, or elsewhere. */
  forget(tenantSeq?: Seq): void;
}

interface Bucket {
  readonly perSecond: number;
  tokens: number;
  filledAtMs: number;
}

export function createPace(store: Pick<AccessVerbs, "findQuotas">, clock: Pick<Clock, "monotonicMs">): Pace {
  const buckets = new LRUCache<Seq, Bucket>({ max: RATED_TENANTS_COUNT_MAX });
  const loading = new Map<Seq, Promise<Bucket>>();

  function load(tenantSeq: Seq): Promise<Bucket> {
    const promise = store.findQuotas(tenantSeq).then(({ events_per_second: perSecond }) => {
      const bucket = { perSecond, tokens: perSecond, filledAtMs: clock.monotonicMs() };
      // Forgotten while it was read: good enough for those who wait for it, but not to keep.
      if (loading.get(tenantSeq) === promise) buckets.set(tenantSeq, bucket);
      return bucket;
    });
    loading.set(tenantSeq, promise);
    const done = () => {
      if (loading.get(tenantSeq) === promise) loading.delete(tenantSeq);
    };
    promise.then(done, done);
    return promise;
  }

  function take(bucket: Bucket, events: number): Admission {
    const nowMs = clock.monotonicMs();
    const { perSecond } = bucket;
    bucket.tokens = Math.min(perSecond, bucket.tokens + ((nowMs - bucket.filledAtMs) * perSecond) / 1000);
    bucket.filledAtMs = nowMs;
    if (bucket.tokens < 1) {
      return { ...quotaExceeded("events_per_second", perSecond), waitMs: ((1 - bucket.tokens) * 1000) / perSecond };
    }
    bucket.tokens -= events;
    return null;
  }

  return {
    admit(tenantSeq, events) {
      const bucket = buckets.get(tenantSeq);
      if (bucket !== undefined) return take(bucket, events);
      return (loading.get(tenantSeq) ?? load(tenantSeq)).then((loaded) => take(loaded, events));
    },
    forget(tenantSeq) {
      if (tenantSeq === undefined) {
        buckets.clear();
        loading.clear();
      } else {
        buckets.delete(tenantSeq);
        loading.delete(tenantSeq);
      }
    },
  };
}
