/** receive: records a verified request, remembers its digest and publishes its event, in one transaction. */

import { storedBytes } from "../../domain/access/quota.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import type { Receive, ReceiveResult, Wake } from "../../ports/store.ts";
import { publishFrom, wakesOfType } from "../delivery/publish.ts";
import { one } from "../read-connection.ts";
import { uuidBytes } from "../rows.ts";
import type { Writing } from "../writing.ts";
import { type DigestOfSource, findDigest, rememberDigest } from "./digests.ts";
import { insertInbound, linkEvent } from "./rows.ts";

const IS_THERE = "SELECT 1 FROM inbound WHERE id = ?";

export function receiveOne(w: Writing, request: Receive): ReceiveResult {
  const { id, event, facts, now } = request;
  const digest = digestOf(request);
  const first = digest === null ? null : findDigest(w, digest);
  if (first !== null && first.id !== id) return { ...first, kind: "repeated", triggered: first.eventId !== null };
  // Looked for only where it can matter, to save the look-up: a repeated call first fails on its record's unique id.
  const isSame = first !== null || (w.mode.careful && one(w, IS_THERE, uuidBytes(id)) !== undefined);
  if (isSame) {
    return { kind: "received", woken: event === null ? [] : wakesOfType(w, request.tenantSeq, event.type) };
  }
  const bytes = receivedBytes(request.raw.body.byteLength);
  const excess = w.usage.excessOfBytes(request.tenantSeq, bytes);
  if (excess !== null) return excess;
  w.usage.addBytes(request.tenantSeq, bytes);
  const seq = insertInbound(w, { ...request, refused: null, bodyBytes: request.raw.body.byteLength });
  if (digest !== null) {
    const answer = { id, direction: facts?.direction ?? null, eventId: event?.id ?? null };
    rememberDigest(w, digest, answer, now);
  }
  return { kind: "received", woken: event === null ? [] : publishOf(w, seq, request.tenantSeq, event, now) };
}

/**
 * How much a verified request counts towards its tenant's storage quota, for as long as it is kept. Refused requests
 * have their own limits: a stranger must not use up a quota.
 */
export function receivedBytes(bodyBytes: number): number {
  return storedBytes(bodyBytes, 1);
}

export function digestOf({ sourceSeq, digest }: Pick<Receive, "sourceSeq" | "digest">): DigestOfSource | null {
  return digest === null ? null : { sourceSeq, digest };
}

/** Publish the event of a record, and link the two. */
export function publishOf(
  w: Writing,
  inboundSeq: Seq,
  tenantSeq: Seq,
  event: NonNullable<Receive["event"]>,
  now: EpochMs,
): Wake[] {
  const { eventSeq, woken } = publishFrom(w, tenantSeq, event, "inbound");
  linkEvent(w, inboundSeq, eventSeq, now);
  return woken;
}
