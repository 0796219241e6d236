/**
 * Loops between servers. Every delivery names the Signalbox servers that its event came through in `CDN-Loop` (RFC 8586),
 * one element each. That header is the one which proxies must pass on unchanged, so the count survives them.
 */

import { LOOP_HOPS_COUNT_MAX } from "../limits.ts";
import type { Event } from "./event.ts";

export const LOOP_HEADER = "CDN-Loop";
/** A pseudonym in the sense of RFC 8586 §2: every Signalbox server has the same one. */
const OURS = "signalbox";

const VALUES = Array.from({ length: LOOP_HOPS_COUNT_MAX + 1 }, (_, hops) =>
  Array(hops + 1)
    .fill(OURS)
    .join(", "),
);

/** The value of `CDN-Loop` for deliveries of an event that came through so many servers before this one. */
export function loopValue(hops: number): string {
  return VALUES[hops] ?? `${VALUES.at(-1)}`;
}

/** How many Signalbox servers a `CDN-Loop` names; other elements are those of proxies on the way. */
export function hopsIn(header: string | undefined): number {
  if (header === undefined) return 0;
  return header.split(",").filter((element) => element.split(";", 1)[0]?.trim().toLowerCase() === OURS).length;
}

/** The event as it was made from a request that came through so many servers. */
export function cameThrough(event: Event, hops: number): Event {
  return hops === 0 ? event : { ...event, hops };
}
