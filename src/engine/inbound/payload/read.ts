/** What a verified request becomes: an event's type and payload, and the id that tells its repeats. */
import { createHash } from "node:crypto";
import { isReservedEventType } from "../../../domain/delivery/event.ts";
import type { InboundRequest, Reading } from "../../../domain/inbound/request.ts";
import type { SourceSettings, ValuePlace } from "../../../domain/inbound/source.ts";
import { EVENT_TYPE_CHARS_MAX, IDEMPOTENCY_KEY_CHARS_MAX } from "../../../domain/limits.ts";
import { habitsOf } from "./read-habits.ts";
import { readPayload } from "./read-payload.ts";
import { valueAt } from "./read-places.ts";

/** Reads any request, however odd its body is: it was verified, so it is not refused any more. */
export function readRequest(settings: SourceSettings, request: InboundRequest): Reading {
  // What twilio signs are the parameters, so they are what was verified.
  const { text, body } = readPayload(request, settings.scheme !== "twilio");
  const habits = habitsOf(settings, request);
  const first = (places: readonly ValuePlace[]): string | null => {
    for (const place of places) {
      const value = valueAt(place, request, body);
      if (value !== null) return value;
    }
    return null;
  };
  const { place, prefix, fallback } = settings.eventType;
  const found = place === null ? (first(habits.types) ?? habits.typeOf?.(body?.value) ?? null) : first([place]);
  const deliveryId = first(habits.ids);
  return {
    eventType: eventType(found === null ? (fallback ?? habits.fallback) : prefix + found),
    payload: text,
    deliveryId: deliveryId === null ? null : keyOf(deliveryId),
    challenge: habits.challengeOf?.(body?.value) ?? null,
  };
}

const NOT_OF_A_TYPE = /[^A-Za-z0-9_.-]/gu;
const OURS = "inbound.";

function eventType(found: string): string {
  // Cut first: a value may be as long as a body. A character takes two units at most.
  const type = found
    .slice(0, 2 * EVENT_TYPE_CHARS_MAX)
    .replaceAll(NOT_OF_A_TYPE, ".")
    .slice(0, EVENT_TYPE_CHARS_MAX);
  return isReservedEventType(type) ? (OURS + type).slice(0, EVENT_TYPE_CHARS_MAX) : type;
}

const KEY = new RegExp(`^[\\x21-\\x7e]{1,${IDEMPOTENCY_KEY_CHARS_MAX}}$`);

/** An id as an idempotency key; one that cannot be a key stands there by its hash. */
function keyOf(id: string): string {
  return KEY.test(id) ? id : `sha256:${createHash("sha256").update(id).digest("hex")}`;
}
