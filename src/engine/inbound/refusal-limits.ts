/**
 * How many failing requests the server verifies and records. Genuine senders are not limited: a network that sent a
 * verified request is trusted for a day. Any other network may try twice as often as its failures are recorded, and its
 * tries come back evenly over the second, so that a flood from the same network does not use up all of them.
 */
import { LRUCache } from "lru-cache";
import { networkOf } from "../../domain/endpoints/network.ts";
import {
  entriesMax,
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

const TRIES_PER_FAILURE = 2;
const SECOND_MS = 1000;

export class RefusalLimits {
  readonly #clock: Pick<Clock, "monotonicMs">;
  /** Until when each network is trusted. */
  readonly #trusted = new LRUCache<string, number>(entriesMax(INBOUND_ADDRESSES_COUNT_MAX));
  readonly #ofNetwork = new LRUCache<string, Allowance>(entriesMax(INBOUND_ADDRESSES_COUNT_MAX));
  readonly #ofAll = new Allowance(REFUSED_PER_SECOND_COUNT_MAX, REFUSED_WORK_PER_SECOND_MS_MAX);
  /** Networks with a failure in the current second. */
  #failingNetworks = 0;
  #second = 0;

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  /** Whether the server verifies a request from this address, with a body of this size, now. */
  mayTry(address: string, bodyBytes: number): boolean {
    const network = networkOf(address);
    const nowMs = this.#clock.monotonicMs();
    const trustedUntil = this.#trusted.get(network);
    if (trustedUntil !== undefined && nowMs < trustedUntil) return true;
    this.#turnSecond(nowMs);
    this.#ofAll.refill(nowMs);
    const own = this.#ofNetwork.get(network);
    own?.refill(nowMs);
    const hasTime = bodyBytes <= LIGHT_BODY_BYTES_MAX || (this.#ofAll.hasTime && (own?.hasTime ?? true));
    if (!hasTime) return false;
    // A network without a failure in this second is tried, whatever the other networks send.
    if (own === undefined || own.failures === 0) {
      return this.#ofAll.hasTries || this.#failingNetworks < INBOUND_NEWCOMERS_SECOND_COUNT_MAX;
    }
    return own.hasTries && this.#ofAll.hasTries;
  }

  /**
   * Count a request that failed.
   *
   * @param workMs what its verification took; the canonical form of a large body takes as long as hundreds of small ones
   * @returns whether the failure is one of those that are recorded
   */
  countFailure(address: string, workMs: number): boolean {
    const nowMs = this.#clock.monotonicMs();
    this.#turnSecond(nowMs);
    const own = this.#allowanceOf(networkOf(address));
    for (const allowance of [own, this.#ofAll]) {
      allowance.refill(nowMs);
      allowance.take(workMs);
    }
    if (own.failures === 1) this.#failingNetworks += 1;
    return own.failures <= REFUSED_PER_ADDRESS_SECOND_COUNT_MAX && this.#ofAll.failures <= REFUSED_PER_SECOND_COUNT_MAX;
  }

  /** A request from this address was verified. */
  trust(address: string): void {
    this.#trusted.set(networkOf(address), this.#clock.monotonicMs() + INBOUND_PROVEN_MS);
  }

  #allowanceOf(network: string): Allowance {
    const known = this.#ofNetwork.get(network);
    if (known !== undefined) return known;
    const fresh = new Allowance(REFUSED_PER_ADDRESS_SECOND_COUNT_MAX, REFUSED_WORK_PER_ADDRESS_SECOND_MS_MAX);
    this.#ofNetwork.set(network, fresh);
    return fresh;
  }

  #turnSecond(nowMs: number): void {
    const second = Math.floor(nowMs / SECOND_MS);
    if (second !== this.#second) this.#failingNetworks = 0;
    this.#second = second;
  }
}

/** What failing requests may cost. An allowance starts full and refills evenly. */
class Allowance {
  readonly #triesMax: number;
  readonly #workMsPerSecond: number;
  #tries: number;
  #workMs = REFUSED_WORK_AT_ONCE_MS_MAX;
  #failures = 0;
  #atMs = 0;

  constructor(failuresMax: number, workMsPerSecond: number) {
    this.#triesMax = TRIES_PER_FAILURE * failuresMax;
    this.#tries = this.#triesMax;
    this.#workMsPerSecond = workMsPerSecond;
  }

  /** In the current second. */
  get failures(): number {
    return this.#failures;
  }

  get hasTries(): boolean {
    return this.#tries >= 1;
  }

  get hasTime(): boolean {
    return this.#workMs > 0;
  }

  refill(nowMs: number): void {
    if (Math.floor(nowMs / SECOND_MS) !== Math.floor(this.#atMs / SECOND_MS)) this.#failures = 0;
    const share = (nowMs - this.#atMs) / SECOND_MS;
    this.#tries = Math.min(this.#triesMax, this.#tries + share * this.#triesMax);
    this.#workMs = Math.min(REFUSED_WORK_AT_ONCE_MS_MAX, this.#workMs + share * this.#workMsPerSecond);
    this.#atMs = nowMs;
  }

  /** Tries stop at zero. One request may take more time than is left; the next second pays for it. */
  take(workMs: number): void {
    this.#failures += 1;
    this.#tries = Math.max(0, this.#tries - 1);
    this.#workMs = Math.max(-this.#workMsPerSecond, this.#workMs - workMs);
  }
}
