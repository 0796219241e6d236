/**
 * Public ids consist of a prefix and a UUIDv7 (RFC 9562 §5.7). Internally an id is the bare UUID; only the API adds the
 * prefix.
 */

declare const brand: unique symbol;
type Brand<T, B extends string> = T & { readonly [brand]: B };

/** A canonical lower-case UUID of 36 characters. */
export type Uuid = Brand<string, "Uuid">;
/** Milliseconds since the Unix epoch. */
export type EpochMs = number;
/**
 * A row's position in commit order: the store's own integer key, never shown to callers.
 *
 * Neither ids nor times order what happens within a millisecond, so the store orders by a sequence.
 */
export type Seq = number;
/** Identifies one claim of one delivery. Every claim gets a new token, a safe integer: node number × 2^32 + counter. */
export type LeaseToken = number;

/** The prefix of each kind of id. */
export const ID_PREFIX = {
  endpoint: "ep_",
  event: "evt_",
  delivery: "del_",
  attempt: "att_",
  replay: "bat_",
  tenant: "dev_",
  key: "key_",
  user: "usr_",
  job: "job_",
  pause: "psr_",
  audit: "aud_",
  source: "src_",
  inbound: "wh_",
} as const;

/** The prefix of endpoint ids on `/v1/webhooks` and `/dashboard/webhooks`. */
export const WEBHOOK_PREFIX = "webhook_";
/** The prefixes that every endpoint route accepts before an endpoint's UUID. */
const ENDPOINT_PREFIXES = [ID_PREFIX.endpoint, WEBHOOK_PREFIX, "wh_"];

const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Parse a public id, or return null when it does not have this prefix and form. */
export function parseId(prefix: string, text: string): Uuid | null {
  if (!text.startsWith(prefix)) return null;
  const rest = text.slice(prefix.length);
  return UUID_PATTERN.test(rest) ? (rest as Uuid) : null;
}

/** Parse an endpoint's id with any of its three prefixes, or return null. */
export function parseEndpointId(text: string): Uuid | null {
  for (const prefix of ENDPOINT_PREFIXES) {
    const id = parseId(prefix, text);
    if (id !== null) return id;
  }
  return null;
}

/** Parse the id of anything, whatever its prefix, or return null. */
export function parseAnyId(text: string): Uuid | null {
  for (const prefix of [...Object.values(ID_PREFIX), WEBHOOK_PREFIX]) {
    const id = parseId(prefix, text);
    if (id !== null) return id;
  }
  return null;
}

/** The state of the UUIDv7 generator: the time and random bits of the latest id. */
export interface UuidState {
  lastMs: EpochMs;
  /** rand_a, 12 bits. */
  randA: number;
  /** The upper 30 bits of rand_b. */
  high: number;
  /** The lower 32 bits of rand_b. */
  low: number;
}

const HEX_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const hex16 = (value: number): string => `${HEX_BYTE[(value >>> 8) & 0xff]}${HEX_BYTE[value & 0xff]}`;
const hex32 = (value: number): string => hex16(value >>> 16) + hex16(value & 0xffff);

/**
 * Generate the next UUIDv7, strictly greater than the previous one from the same state (RFC 9562 §6.2, method 2).
 *
 * @param state changed in place
 * @param now epoch milliseconds; when the clock went back, the latest time is used instead
 * @param random32 uniform 32-bit unsigned integers
 */
export function nextUuid(state: UuidState, now: EpochMs, random32: () => number): Uuid {
  if (now > state.lastMs) {
    state.lastMs = now;
    state.randA = random32() & 0x7ff; // the top bit stays free so that an increment cannot overflow within the millisecond
    state.high = random32() & 0x3fffffff;
    state.low = random32() >>> 0;
  } else {
    increment(state, 1 + (random32() & 0xffff));
  }
  const ms = state.lastMs;
  const msHigh = Math.floor(ms / 0x10000);
  const msLow = ms % 0x10000;
  const variantHigh = (0x80000000 | state.high) >>> 0;
  return `${hex32(msHigh)}-${hex16(msLow)}-${hex16(0x7000 | state.randA)}-${hex16(variantHigh >>> 16)}-${hex16(variantHigh & 0xffff)}${hex32(state.low)}` as Uuid;
}

function increment(state: UuidState, by: number): void {
  state.low += by;
  if (state.low <= 0xffffffff) return;
  state.low -= 0x1_0000_0000;
  state.high += 1;
  if (state.high <= 0x3fffffff) return;
  state.high = 0;
  state.randA += 1;
}
