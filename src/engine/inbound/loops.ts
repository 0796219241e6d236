/** Webhook loops: deliveries of a Signalbox server that arrive at a source again and again. */

import { hopsIn, LOOP_HEADER } from "../../domain/delivery/loops.ts";
import type { InboundRequest } from "../../domain/inbound/request.ts";
import { LOOP_HOPS_COUNT_MAX } from "../../domain/limits.ts";
import { type Rejected, rejected } from "./schemes/signature.ts";

/** How many Signalbox servers the request came through. */
export function hopsOf({ headers }: Pick<InboundRequest, "headers">): number {
  return hopsIn(headers[LOOP_HEADER.toLowerCase()]);
}

/** Why a genuine request is still refused; null when it came through few enough servers. */
export function loopFault(request: Pick<InboundRequest, "headers">): Rejected | null {
  const hops = hopsOf(request);
  return hops > LOOP_HOPS_COUNT_MAX ? rejected("loop_detected", explanation(hops)) : null;
}

function explanation(hops: number): string {
  return (
    `${LOOP_HEADER} says that this webhook came through ${hops} Signalbox servers, or ${hops} times through one; at most ` +
    `${LOOP_HOPS_COUNT_MAX} are allowed. An endpoint sends this source's events back to it. Delete that endpoint, or give ` +
    "it event_types that leave this source's events out."
  );
}
