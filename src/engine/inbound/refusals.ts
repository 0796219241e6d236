/**
 * How many failing requests are looked at, kept and explained. Verified ones are never limited: an address that one came from is
 * looked at whatever else comes from there, and any other address has as many looks again as it has failures to give.
 */
import { LRUCache } from "lru-cache";
import {
  EXPLAINED_PER_SECOND_BYTES_MAX,
  EXPLAINED_PER_SECOND_COUNT_MAX,
  INBOUND_ADDRESSES_COUNT_MAX,
  INBOUND_NEWCOMERS_SECOND_COUNT_MAX,
  INBOUND_PROVEN_MS,
  REFUSED_PER_ADDRESS_SECOND_COUNT_MAX,
  REFUSED_PER_SECOND_COUNT_MAX,
} from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";

export interface Refusals {
  /** Whether a request from there is looked at now. */
  mayTry(address: string): boolean;
  /** It failed. Answers whether it is one of those that are kept. */
  failed(address: string): boolean;
  /** Whether there is time to look for the cause in a body of this length. */
  mayExplain(bodyBytes: number): boolean;
  proved(address: string): void;
}

/** Looks beyond the failures that are kept. */
const LOOKS = 2;
const SECOND_MS = 1000;

export function createRefusals(clock: Pick<Clock, "monotonicMs">): Refusals {
  const proven = new LRUCache<string, number>({ max: INBOUND_ADDRESSES_COUNT_MAX });
  /** Failures in the present second. */
  let ofAddress = new Map<string, number>();
  let ofAll = 0;
  let explained = { count: 0, bytes: 0 };
  let second = 0;

  function turn(): void {
    const present = Math.floor(clock.monotonicMs() / SECOND_MS);
    if (present === second) return;
    second = present;
    ofAddress = new Map();
    ofAll = 0;
    explained = { count: 0, bytes: 0 };
  }

  return {
    mayTry(address) {
      const until = proven.get(address);
      if (until !== undefined && clock.monotonicMs() < until) return true;
      turn();
      const failures = ofAddress.get(address) ?? 0;
      // From an address without a failure in this second: whatever the others send.
      if (failures === 0 && ofAddress.size < INBOUND_NEWCOMERS_SECOND_COUNT_MAX) return true;
      return failures < LOOKS * REFUSED_PER_ADDRESS_SECOND_COUNT_MAX && ofAll < LOOKS * REFUSED_PER_SECOND_COUNT_MAX;
    },
    failed(address) {
      turn();
      const failures = ofAddress.get(address) ?? 0;
      const isKept = failures < REFUSED_PER_ADDRESS_SECOND_COUNT_MAX && ofAll < REFUSED_PER_SECOND_COUNT_MAX;
      ofAll += 1;
      if (ofAddress.size < INBOUND_ADDRESSES_COUNT_MAX || ofAddress.has(address)) ofAddress.set(address, failures + 1);
      return isKept;
    },
    mayExplain(bodyBytes) {
      turn();
      const { count, bytes } = explained;
      if (count >= EXPLAINED_PER_SECOND_COUNT_MAX || bytes >= EXPLAINED_PER_SECOND_BYTES_MAX) return false;
      explained = { count: count + 1, bytes: bytes + bodyBytes };
      return true;
    },
    proved: (address) => void proven.set(address, clock.monotonicMs() + INBOUND_PROVEN_MS),
  };
}
