/**
 * How many failing requests are looked at and kept. Verified ones are never limited: a network that one came from is
 * looked at whatever else comes from there, and any other has as many looks again as it has failures to give, spread over
 * the second, so that a flood cannot have them all.
 */
import { LRUCache } from "lru-cache";
import { networkOf } from "../../domain/endpoints/network.ts";
import {
  INBOUND_ADDRESSES_COUNT_MAX,
  INBOUND_NEWCOMERS_SECOND_COUNT_MAX,
  INBOUND_PROVEN_MS,
  LIGHT_BODY_BYTES_MAX,
  REFUSED_PER_ADDRESS_SECOND_COUNT_MAX,
  REFUSED_PER_SECOND_COUNT_MAX,
  REFUSED_WORK_AT_ONCE_MS_MAX,
  REFUSED_WORK_PER_ADDRESS_SECOND_MS_MAX,
  REFUSED_WORK_PER_SECOND_MS_MAX,
} from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";

export interface Refusals {
  /** Whether a request from there, with a body of this length, is looked at now. */
  mayTry(address: string, bodyBytes: number): boolean;
  /**
   * It failed. Answers whether it is one of those that are kept.
   *
   * @param workMs what looking took: a large body in canonical form as long as hundreds of small ones
   */
  failed(address: string, workMs: number): boolean;
  proved(address: string): void;
}

/** Looks for each failure that is kept. */
const LOOKS = 2;
const SECOND_MS = 1000;

export function createRefusals(clock: Pick<Clock, "monotonicMs">): Refusals {
  const proven = new LRUCache<string, number>({ max: INBOUND_ADDRESSES_COUNT_MAX });
  const ofNetwork = new LRUCache<string, Allowance>({ max: INBOUND_ADDRESSES_COUNT_MAX });
  const ofAll = new Allowance(REFUSED_PER_SECOND_COUNT_MAX, REFUSED_WORK_PER_SECOND_MS_MAX);
  /** Networks with a failure in the present second. */
  let failing = 0;
  let second = 0;

  function allowanceOf(network: string): Allowance {
    const known = ofNetwork.get(network);
    if (known !== undefined) return known;
    const fresh = new Allowance(REFUSED_PER_ADDRESS_SECOND_COUNT_MAX, REFUSED_WORK_PER_ADDRESS_SECOND_MS_MAX);
    ofNetwork.set(network, fresh);
    return fresh;
  }

  function turn(nowMs: number): void {
    const present = Math.floor(nowMs / SECOND_MS);
    if (present !== second) failing = 0;
    second = present;
  }

  return {
    mayTry(address, bodyBytes) {
      const network = networkOf(address);
      const nowMs = clock.monotonicMs();
      const until = proven.get(network);
      if (until !== undefined && nowMs < until) return true;
      turn(nowMs);
      ofAll.refill(nowMs);
      const own = ofNetwork.get(network);
      own?.refill(nowMs);
      const hasTime = bodyBytes <= LIGHT_BODY_BYTES_MAX || (ofAll.hasTime && (own?.hasTime ?? true));
      if (!hasTime) return false;
      // From where nothing failed in this second: whatever the others send.
      if (own === undefined || own.failures === 0)
        return ofAll.hasLooks || failing < INBOUND_NEWCOMERS_SECOND_COUNT_MAX;
      return own.hasLooks && ofAll.hasLooks;
    },
    failed(address, workMs) {
      const nowMs = clock.monotonicMs();
      turn(nowMs);
      const own = allowanceOf(networkOf(address));
      for (const allowance of [own, ofAll]) {
        allowance.refill(nowMs);
        allowance.take(workMs);
      }
      if (own.failures === 1) failing += 1;
      return own.failures <= REFUSED_PER_ADDRESS_SECOND_COUNT_MAX && ofAll.failures <= REFUSED_PER_SECOND_COUNT_MAX;
    },
    proved: (address) => void proven.set(networkOf(address), clock.monotonicMs() + INBOUND_PROVEN_MS),
  };
}

/** What failing requests may take: whole at rest, and filled again evenly. */
class Allowance {
  /** In the present second. */
  failures = 0;
  readonly #looksMax: number;
  readonly #workMsPerSecond: number;
  #looks: number;
  #workMs = REFUSED_WORK_AT_ONCE_MS_MAX;
  #atMs = 0;

  constructor(failuresMax: number, workMsPerSecond: number) {
    this.#looksMax = LOOKS * failuresMax;
    this.#looks = this.#looksMax;
    this.#workMsPerSecond = workMsPerSecond;
  }

  get hasLooks(): boolean {
    return this.#looks >= 1;
  }

  get hasTime(): boolean {
    return this.#workMs > 0;
  }

  refill(nowMs: number): void {
    if (Math.floor(nowMs / SECOND_MS) !== Math.floor(this.#atMs / SECOND_MS)) this.failures = 0;
    const share = (nowMs - this.#atMs) / SECOND_MS;
    this.#looks = Math.min(this.#looksMax, this.#looks + share * this.#looksMax);
    this.#workMs = Math.min(REFUSED_WORK_AT_ONCE_MS_MAX, this.#workMs + share * this.#workMsPerSecond);
    this.#atMs = nowMs;
  }

  /** Looks end at none; one look may take more time than is left, which is paid for within the next second. */
  take(workMs: number): void {
    this.failures += 1;
    this.#looks = Math.max(0, this.#looks - 1);
    this.#workMs = Math.max(-this.#workMsPerSecond, this.#workMs - workMs);
  }
}
