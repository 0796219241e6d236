/** Values in a request: in a header, or at a pointer (RFC 6901) into the body. */
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import type { ValuePlace } from "../../../domain/inbound/source.ts";
import { sourceAt } from "../../../domain/text/json.ts";
import { header } from "../schemes/headers.ts";

/** A JSON text, and what `JSON.parse` makes of it. */
export interface PointedBody {
  readonly source: string;
  readonly value: unknown;
}

/**
 * A string, or a number or boolean as it is spelled in the body. Null when there is no such value, or an empty string.
 *
 * A number keeps its spelling: a double is exact to 15 digits, and IDs with 19 digits are common. As doubles, three
 * consecutive IDs would be equal, and the server would drop two of three events as repeats.
 *
 * @param body null when the body is not JSON, so that pointers find nothing
 */
export function valueAt(place: ValuePlace, request: InboundRequest, body: PointedBody | null): string | null {
  if (place.from === "header") return header(request, place.name);
  const steps = body === null ? null : pointerSteps(place.pointer);
  if (body === null || steps === null) return null;
  const value = steps.reduce(member, body.value);
  switch (typeof value) {
    case "string":
      return value === "" ? null : value;
    case "number":
      return sourceAt(body.source, steps);
    case "boolean":
      return String(value);
    default:
      return null;
  }
}

const ARRAY_INDEX = /^(?:0|[1-9][0-9]*)$/;
const BAD_ESCAPE = /~(?![01])/;

/** The steps of a pointer; null when the text is not a pointer. */
export function pointerSteps(pointer: string): readonly string[] | null {
  if (pointer === "") return [];
  if (!pointer.startsWith("/") || BAD_ESCAPE.test(pointer)) return null;
  const steps = pointer.slice(1).split("/");
  // In this order, so that "~01" becomes "~1" and not a slash.
  return steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function member(value: unknown, step: string): unknown {
  if (Array.isArray(value)) return ARRAY_INDEX.test(step) ? value[Number(step)] : undefined;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
  return (value as Record<string, unknown>)[step];
}
