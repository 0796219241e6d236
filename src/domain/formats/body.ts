import type { Event } from "../delivery/event.ts";
import type { Format } from "../endpoints/endpoint.ts";
import { ID_PREFIX } from "../ids.ts";
import type { Person, Vote } from "../pauses/pause.ts";
import { milliseconds, wholeSeconds } from "../text/time.ts";

const WHITE_SPACE_THEN_END = /^[ \t\r\n]*\}/;

/**
 * Render an event's body. The bytes are the same for every attempt, retry and replay.
 *
 * The payload's text is inserted unchanged. Parsing and serializing it again would change numbers such as `1.0`, long
 * integers, and the order of keys that look like integers.
 */
export function renderBody(format: Format, event: Event): string {
  switch (format) {
    case "plain":
      return event.pauseId === null ? event.payload : withPauseIds(event);
    case "pausepoint":
      return `{"event":${JSON.stringify(event.type)},${pauseId(event)}${developerId(event)}${deciders(event)},"timestamp":"${wholeSeconds(event.acceptedAt)}","data":${event.payload}}`;
    case "pacspace":
      return `{"event":${JSON.stringify(event.type)},"timestamp":"${milliseconds(event.acceptedAt)}","data":${event.payload}}`;
    case "standard":
      return `{"type":${JSON.stringify(event.type)},"timestamp":"${milliseconds(event.acceptedAt)}","data":${event.payload}}`;
  }
}

/**
 * Insert the pause's ids before the payload's own fields. Without them, the receiver of a plain payload could not tell
 * which pause it is about, and who decided it.
 */
function withPauseIds(event: Event): string {
  const inside = event.payload.slice(event.payload.indexOf("{") + 1);
  const comma = WHITE_SPACE_THEN_END.test(inside) ? "" : ",";
  return `{${pauseId(event)}${developerId(event)}${deciders(event)}${comma}${inside}`;
}

function pauseId(event: Event): string {
  return event.pauseId === null ? "" : `"pause_id":"${ID_PREFIX.pause}${event.pauseId}",`;
}

/** Only for users who were signed in, so that all other bodies stay as they are. */
function deciders({ decidedBy, votes }: Event): string {
  const decider = decidedBy === undefined ? "" : `,"decided_by_user":${JSON.stringify(user(decidedBy))}`;
  return votes === undefined ? decider : `${decider},"votes":${JSON.stringify(votes.map(voteJson))}`;
}

function user({ id, email }: Person) {
  return { id: ID_PREFIX.user + id, email };
}

function voteJson({ choice, text, at, ...person }: Vote) {
  return { user: user(person), choice, text, at: wholeSeconds(at) };
}

function developerId(event: Event): string {
  return `"developer_id":"${ID_PREFIX.tenant}${event.tenantId}"`;
}
