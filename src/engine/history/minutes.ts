/** Attempts by minute, in memory: what the charts of the last hours show, and what is added to the stored hours. */
import { type Tallied, Tally } from "../../domain/history/tally.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import {
  TALLIES_COUNT_MAX,
  TALLIES_OF_MINUTE_COUNT_MAX,
  TALLY_MINUTES_MAX,
  TALLY_TYPES_OF_TENANT_COUNT_MAX,
} from "../../domain/limits.ts";

export const MINUTE_MS = 60_000;

/** What a tally is about: the tenant, one of its endpoints, or one of its event types. */
export type Scope = "" | `e${number}` | `t${string}`;

export const endpointScope = (endpointSeq: Seq): Scope => `e${endpointSeq}`;
export const typeScope = (eventType: string): Scope => `t${eventType}`;

/** One tally of a minute that is not stored yet. */
export interface Unstored {
  readonly tenantSeq: Seq;
  readonly scope: Scope;
  readonly at: EpochMs;
  readonly tally: Tally;
}

interface TenantMinute {
  readonly tallies: Map<Scope, Tally>;
  types: number;
}

interface Minute {
  readonly at: EpochMs;
  readonly tenants: Map<Seq, TenantMinute>;
  /** The number of tallies. */
  size: number;
  /** The tallies of this minute that are to be stored, once it is over. Null while it lasts. */
  unstored: Unstored[] | null;
}

export class Minutes {
  /** When counting began. */
  readonly since: EpochMs;
  /** The oldest first; the last one lasts. */
  readonly #minutes: Minute[] = [];
  #size = 0;

  constructor(since: EpochMs) {
    this.since = since;
  }

  count(now: EpochMs, tenantSeq: Seq, endpointSeq: Seq, eventType: string, attempt: Tallied): void {
    const minute = this.#minuteAt(now);
    let tenant = minute.tenants.get(tenantSeq);
    if (tenant === undefined) {
      tenant = { tallies: new Map(), types: 0 };
      minute.tenants.set(tenantSeq, tenant);
    }
    // A tenant is always counted. With very many endpoints or types, the last ones of a minute are not.
    this.#tally(minute, tenant, "").count(attempt);
    const endpointKey = endpointScope(endpointSeq);
    const endpoint = tenant.tallies.get(endpointKey);
    if (endpoint !== undefined) endpoint.count(attempt);
    else if (hasRoom(minute)) this.#tally(minute, tenant, endpointKey).count(attempt);
    const typeKey = typeScope(eventType);
    const type = tenant.tallies.get(typeKey);
    if (type !== undefined) {
      type.count(attempt);
    } else if (hasRoom(minute) && tenant.types < TALLY_TYPES_OF_TENANT_COUNT_MAX) {
      tenant.types += 1;
      this.#tally(minute, tenant, typeKey).count(attempt);
    }
  }

  /** The tallies of one scope from `from` until before `to`, by minute. */
  *read(tenantSeq: Seq, scope: Scope, from: EpochMs, to: EpochMs): Generator<readonly [at: EpochMs, tally: Tally]> {
    for (const { at, tenants } of this.#minutes) {
      const tally = at >= from && at < to ? tenants.get(tenantSeq)?.tallies.get(scope) : undefined;
      if (tally !== undefined) yield [at, tally];
    }
  }

  /** The tallies of the last two minutes, as far as they end after `from`. */
  *recent(tenantSeq: Seq, scope: Scope, from: EpochMs): Generator<readonly [at: EpochMs, tally: Tally]> {
    for (const { at, tenants } of this.#minutes.slice(-2)) {
      const tally = at + MINUTE_MS > from ? tenants.get(tenantSeq)?.tallies.get(scope) : undefined;
      if (tally !== undefined) yield [at, tally];
    }
  }

  /** Those of `read` that are not stored yet. */
  *readUnstored(tenantSeq: Seq, scope: Scope): Generator<readonly [at: EpochMs, tally: Tally]> {
    for (const { at, tenants, unstored } of this.#minutes) {
      const tally = tenants.get(tenantSeq)?.tallies.get(scope);
      if (tally !== undefined && (unstored === null || unstored.some((each) => each.tally === tally)))
        yield [at, tally];
    }
  }

  /** Take tallies of minutes that are over, to store them. `putBack` follows if that fails. */
  takeUnstored(now: EpochMs, countMax: number): Unstored[] {
    const minute = this.#minutes.find((each) => isOver(each, now) && unstoredOf(each).length > 0);
    return minute === undefined ? [] : unstoredOf(minute).splice(0, countMax);
  }

  putBack(tallies: readonly Unstored[]): void {
    const [first] = tallies;
    const minute = this.#minutes.find(({ at }) => at === first?.at);
    minute?.unstored?.push(...tallies);
  }

  #minuteAt(now: EpochMs): Minute {
    const at = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    const last = this.#minutes.at(-1);
    if (last !== undefined && last.at >= at) return last;
    const minute: Minute = { at, tenants: new Map(), size: 0, unstored: null };
    this.#minutes.push(minute);
    this.#dropOldest(at);
    return minute;
  }

  #dropOldest(now: EpochMs): void {
    for (let first = this.#minutes[0]; first !== undefined && this.#minutes.length > 1; first = this.#minutes[0]) {
      const isOld = first.at <= now - TALLY_MINUTES_MAX * MINUTE_MS;
      if (!isOld && this.#size <= TALLIES_COUNT_MAX) return;
      this.#size -= first.size;
      this.#minutes.shift();
    }
  }

  #tally(minute: Minute, { tallies }: TenantMinute, scope: Scope): Tally {
    let tally = tallies.get(scope);
    if (tally === undefined) {
      tally = new Tally();
      tallies.set(scope, tally);
      minute.size += 1;
      this.#size += 1;
    }
    return tally;
  }
}

function hasRoom({ size }: Minute): boolean {
  return size < TALLIES_OF_MINUTE_COUNT_MAX;
}

function isOver({ at }: Minute, now: EpochMs): boolean {
  return at + MINUTE_MS <= now;
}

/** Every tally of a minute that is over, and not stored. */
function unstoredOf(minute: Minute): Unstored[] {
  minute.unstored ??= [...minute.tenants].flatMap(([tenantSeq, { tallies }]) =>
    [...tallies].map(([scope, tally]) => ({ tenantSeq, scope, at: minute.at, tally })),
  );
  return minute.unstored;
}
