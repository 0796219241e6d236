/**
 * Limits on bad passwords within 15 minutes: five per account and address, 50 per account, and 20 per address.
 *
 * The counts are in memory only, because anyone who can restart the server has no need to guess passwords.
 */
import { LRUCache } from "lru-cache";
import { networkOf } from "../../domain/endpoints/network.ts";
import {
  BAD_PASSWORDS_ACCOUNT_COUNT_MAX,
  BAD_PASSWORDS_ADDRESS_COUNT_MAX,
  BAD_PASSWORDS_HERE_COUNT_MAX,
  BAD_PASSWORDS_KEPT_COUNT_MAX,
  BAD_PASSWORDS_WINDOW_MS,
  entriesMax,
} from "../../domain/limits.ts";

export interface PasswordAttempt {
  /** The account's email address, whether or not the account exists. */
  readonly email: string;
  /** The client's network address. */
  readonly address: string;
}

export class BadPasswords {
  readonly #monotonicMs: () => number;
  readonly #counts = [
    new WindowCount(BAD_PASSWORDS_HERE_COUNT_MAX, (email, network) => `${network} ${email}`),
    new WindowCount(BAD_PASSWORDS_ACCOUNT_COUNT_MAX, (email) => email),
    new WindowCount(BAD_PASSWORDS_ADDRESS_COUNT_MAX, (_email, network) => network),
  ];

  /** @param monotonicMs a clock that nobody can set */
  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** How long to wait before another attempt; 0 allows it now. */
  waitMs({ email, address }: PasswordAttempt): number {
    const now = this.#monotonicMs();
    return Math.max(...this.#counts.map((count) => count.waitMs(now, email.toLowerCase(), networkOf(address))));
  }

  /** Record an attempt with a bad password. */
  record({ email, address }: PasswordAttempt): void {
    const now = this.#monotonicMs();
    for (const count of this.#counts) count.record(now, email.toLowerCase(), networkOf(address));
  }
}

type KeyOf = (email: string, network: string) => string;

/** Counts bad passwords in a sliding window, per account, per network, or per pair of both. */
class WindowCount {
  readonly #max: number;
  readonly #keyOf: KeyOf;
  /** The times of the latest bad passwords, at most `max`, oldest first. */
  readonly #times = new LRUCache<string, readonly number[]>(entriesMax(BAD_PASSWORDS_KEPT_COUNT_MAX));

  constructor(max: number, keyOf: KeyOf) {
    this.#max = max;
    this.#keyOf = keyOf;
  }

  waitMs(now: number, email: string, network: string): number {
    const recent = this.#recent(this.#keyOf(email, network), now);
    const [oldest = now] = recent;
    return recent.length < this.#max ? 0 : oldest + BAD_PASSWORDS_WINDOW_MS - now;
  }

  record(now: number, email: string, network: string): void {
    const key = this.#keyOf(email, network);
    this.#times.set(key, [...this.#recent(key, now), now].slice(-this.#max));
  }

  #recent(key: string, now: number): readonly number[] {
    return (this.#times.get(key) ?? []).filter((time) => time > now - BAD_PASSWORDS_WINDOW_MS);
  }
}
