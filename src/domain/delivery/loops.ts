/**
 * Detection of loops between servers. Every delivery lists the Signalbox servers that its event passed through in
 * `CDN-Loop` (RFC 8586), one element per server. Proxies must forward that header unchanged, so the count survives
 * them.
 */

import { LOOP_HOPS_COUNT_MAX } from "../limits.ts";
import type { Event } from "./event.ts";

export const LOOP_HEADER = "CDN-Loop";
/** A pseudonym as defined in RFC 8586 §2. Every Signalbox server uses the same one. */
const OURS = "signalbox";

const VALUES = Array.from({ length: LOOP_HOPS_COUNT_MAX + 1 }, (_, hops) =>
  Array(hops + 1)
    .fill(OURS)
    .join(", "),
);

/** The value of `CDN-Loop` for an event that passed through `hops` servers before this one. */
export function loopValue(hops: number): string {
  return VALUES[hops] ?? `${VALUES.at(-1)}`;
}

/** How many Signalbox servers a `CDN-Loop` header lists. Its other elements were added by proxies. */
export function hopsIn(header: string | undefined): number {
  if (header === undefined) return 0;
  return header.split(",").filter((element) => element.split(";", 1)[0]?.trim().toLowerCase() === OURS).length;
}

/** The event, marked as made from a request that passed through `hops` servers. */
export function cameThrough(event: Event, hops: number): Event {
  return hops === 0 ? event : { ...event, hops };
}
