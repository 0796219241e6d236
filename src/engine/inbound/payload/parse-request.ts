/** What the server takes from a verified request: an event's type and payload, and the ID that identifies repeats. */
import { createHash } from "node:crypto";
import { isReservedEventType } from "../../../domain/delivery/event.ts";
import type { InboundRequest, ParsedRequest } from "../../../domain/inbound/request.ts";
import type { SourceSettings, ValuePlace } from "../../../domain/inbound/source.ts";
import { EVENT_TYPE_CHARS_MAX, IDEMPOTENCY_KEY_CHARS_MAX } from "../../../domain/limits.ts";
import { conventionsOf } from "./conventions.ts";
import { payloadOf } from "./payload-text.ts";
import { valueAt } from "./pointers.ts";

/** Never refuses a request, however odd its body is: the request was verified. */
export function parseRequest(settings: SourceSettings, request: InboundRequest): ParsedRequest {
  // Twilio signs the parameters, so the parameters are what was verified.
  const { text, body } = payloadOf(request, settings.scheme !== "twilio");
  const conventions = conventionsOf(settings, request);
  const first = (places: readonly ValuePlace[]): string | null => {
    for (const place of places) {
      const value = valueAt(place, request, body);
      if (value !== null) return value;
    }
    return null;
  };
  const { place, prefix, fallback } = settings.eventType;
  const found =
    place === null ? (first(conventions.types) ?? conventions.typeOf?.(body?.value) ?? null) : first([place]);
  const deliveryId = first(conventions.ids);
  return {
    eventType: eventType(found === null ? (fallback ?? conventions.fallback) : prefix + found),
    payload: text,
    deliveryId: deliveryId === null ? null : keyOf(deliveryId),
    challenge: conventions.challengeOf?.(body?.value) ?? null,
  };
}

const NOT_OF_A_TYPE = /[^A-Za-z0-9_.-]/gu;
const INBOUND_PREFIX = "inbound.";

function eventType(found: string): string {
  // Cut before the replacement, since a value may be as long as a body. A character takes at most two UTF-16 units.
  const type = found
    .slice(0, 2 * EVENT_TYPE_CHARS_MAX)
    .replaceAll(NOT_OF_A_TYPE, ".")
    .slice(0, EVENT_TYPE_CHARS_MAX);
  return isReservedEventType(type) ? (INBOUND_PREFIX + type).slice(0, EVENT_TYPE_CHARS_MAX) : type;
}

const KEY = new RegExp(`^[\\x21-\\x7e]{1,${IDEMPOTENCY_KEY_CHARS_MAX}}$`);

/** The ID as an idempotency key, or its hash when the ID cannot be one. */
function keyOf(id: string): string {
  return KEY.test(id) ? id : `sha256:${createHash("sha256").update(id).digest("hex")}`;
}
