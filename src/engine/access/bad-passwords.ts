/**
 * How many passwords may be wrong: in 15 minutes five for one account from one address, 50 for one account in all, 20
 * from one address. In memory: whoever can restart the server need not guess passwords.
 */
import { LRUCache } from "lru-cache";
import { networkOf } from "../../domain/endpoints/network.ts";
import {
  BAD_PASSWORDS_ACCOUNT_COUNT_MAX,
  BAD_PASSWORDS_ADDRESS_COUNT_MAX,
  BAD_PASSWORDS_HERE_COUNT_MAX,
  BAD_PASSWORDS_KEPT_COUNT_MAX,
  BAD_PASSWORDS_WINDOW_MS,
} from "../../domain/limits.ts";

/** Who tries: an account's e-mail address, whether there is such an account or not, and the network address. */
export interface Tried {
  readonly email: string;
  readonly address: string;
}

export interface BadPasswords {
  /** How long to wait before another try; 0: it may be made now. */
  waitMs(tried: Tried): number;
  /** It was wrong. */
  note(tried: Tried): void;
}

/** @param monotonicMs a clock that nobody can set */
export function createBadPasswords(monotonicMs: () => number): BadPasswords {
  const counts = [
    createCount(BAD_PASSWORDS_HERE_COUNT_MAX, (email, network) => `${network} ${email}`),
    createCount(BAD_PASSWORDS_ACCOUNT_COUNT_MAX, (email) => email),
    createCount(BAD_PASSWORDS_ADDRESS_COUNT_MAX, (_email, network) => network),
  ];
  const names = ({ email, address }: Tried) => [email.toLowerCase(), networkOf(address)] as const;
  return {
    waitMs(tried) {
      const now = monotonicMs();
      return Math.max(...counts.map((count) => count.waitMs(now, ...names(tried))));
    },
    note(tried) {
      const now = monotonicMs();
      for (const count of counts) count.note(now, ...names(tried));
    },
  };
}

type Name = (email: string, network: string) => string;

function createCount(max: number, name: Name) {
  /** The times of the latest wrong ones, at most `max`, oldest first. */
  const times = new LRUCache<string, readonly number[]>({ max: BAD_PASSWORDS_KEPT_COUNT_MAX });
  const recent = (key: string, now: number) =>
    (times.get(key) ?? []).filter((time) => time > now - BAD_PASSWORDS_WINDOW_MS);
  return {
    waitMs(now: number, ...who: Parameters<Name>): number {
      const known = recent(name(...who), now);
      const [oldest = now] = known;
      return known.length < max ? 0 : oldest + BAD_PASSWORDS_WINDOW_MS - now;
    },
    note(now: number, ...who: Parameters<Name>): void {
      const key = name(...who);
      times.set(key, [...recent(key, now), now].slice(-max));
    },
  };
}
