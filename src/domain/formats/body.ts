import type { Event } from "../delivery/event.ts";
import type { Format } from "../endpoints/endpoint.ts";
import { ID_PREFIX } from "../ids.ts";
import { milliseconds, wholeSeconds } from "../text/time.ts";

const WHITE_SPACE_THEN_END = /^[ \t\r\n]*\}/;

/**
 * Render an event's body: the same bytes on every attempt, retry and replay.
 *
 * `data` is the payload's own text, put in as it is: parsing and serialising it again would change numbers such as
 * `1.0`, long integers, and the order of keys that look like integers.
 */
export function renderBody(format: Format, event: Event): string {
  switch (format) {
    case "plain":
      return event.pauseId === null ? event.payload : withPauseIds(event);
    case "pausepoint":
      return `{"event":${JSON.stringify(event.type)},${pauseId(event)}${developerId(event)},"timestamp":"${wholeSeconds(event.acceptedAt)}","data":${event.payload}}`;
    case "pacspace":
      return `{"event":${JSON.stringify(event.type)},"timestamp":"${milliseconds(event.acceptedAt)}","data":${event.payload}}`;
    case "standard":
      return `{"type":${JSON.stringify(event.type)},"timestamp":"${milliseconds(event.acceptedAt)}","data":${event.payload}}`;
  }
}

/** A receiver of the bare payload could not tell which pause it is about: the ids go ahead of the payload's own fields. */
function withPauseIds(event: Event): string {
  const inside = event.payload.slice(event.payload.indexOf("{") + 1);
  const comma = WHITE_SPACE_THEN_END.test(inside) ? "" : ",";
  return `{${pauseId(event)}${developerId(event)}${comma}${inside}`;
}

function pauseId(event: Event): string {
  return event.pauseId === null ? "" : `"pause_id":"${ID_PREFIX.pause}${event.pauseId}",`;
}

function developerId(event: Event): string {
  return `"developer_id":"${ID_PREFIX.tenant}${event.tenantId}"`;
}
