/**
 * Limits on bad passwords within 15 minutes: five per account and address, 50 per account, and 20 per address.
 *
 * The counts are in memory only, because anyone who can restart the server has no need to guess passwords.
 */
import { networkOf } from "../../domain/endpoints/network.ts";
import {
  BAD_PASSWORDS_ACCOUNT_COUNT_MAX,
  BAD_PASSWORDS_ADDRESS_COUNT_MAX,
  BAD_PASSWORDS_HERE_COUNT_MAX,
  BAD_PASSWORDS_WINDOW_MS,
} from "../../domain/limits.ts";
import { WindowCount } from "./window-count.ts";

export interface PasswordAttempt {
  /** The account's email address, whether or not the account exists. */
  readonly email: string;
  /** The client's network address. */
  readonly address: string;
}

type KeyOf = (email: string, network: string) => string;

const LIMITS: readonly (readonly [countMax: number, keyOf: KeyOf])[] = [
  [BAD_PASSWORDS_HERE_COUNT_MAX, (email, network) => `${network} ${email}`],
  [BAD_PASSWORDS_ACCOUNT_COUNT_MAX, (email) => email],
  [BAD_PASSWORDS_ADDRESS_COUNT_MAX, (_email, network) => network],
];

export class BadPasswords {
  readonly #monotonicMs: () => number;
  readonly #counts = LIMITS.map(([countMax, keyOf]) => ({
    count: new WindowCount({ countMax, windowMs: BAD_PASSWORDS_WINDOW_MS }),
    keyOf,
  }));

  /** @param monotonicMs a clock that nobody can set */
  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** How long to wait before another attempt; 0 allows it now. */
  waitMs({ email, address }: PasswordAttempt): number {
    const now = this.#monotonicMs();
    const [account, network] = [email.toLowerCase(), networkOf(address)];
    return Math.max(...this.#counts.map(({ count, keyOf }) => count.waitMs(now, keyOf(account, network))));
  }

  /** Record an attempt with a bad password. */
  record({ email, address }: PasswordAttempt): void {
    const now = this.#monotonicMs();
    for (const { count, keyOf } of this.#counts) count.record(now, keyOf(email.toLowerCase(), networkOf(address)));
  }
}
