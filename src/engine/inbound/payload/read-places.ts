/** Values that stand in a request: in a header, or in its body at a pointer (RFC 6901). */
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import type { ValuePlace } from "../../../domain/inbound/source.ts";
import { sourceAt } from "../../../domain/text/json.ts";
import { header } from "../schemes/headers.ts";

/** What pointers point into: a JSON text, and what `JSON.parse` makes of it. */
export interface PointedBody {
  readonly source: string;
  readonly value: unknown;
}

/**
 * A string, or a number or truth value as it is written in the body; null when there is no such value, or an empty string.
 *
 * Of a number its own text: a double has 15 digits for certain, and identifiers with 19 are common. Three consecutive ones
 * would be one id, and two of three events a repeat.
 *
 * @param body null when pointers find nothing
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

/** The steps of a pointer; null when it is none. */
export function pointerSteps(pointer: string): readonly string[] | null {
  if (pointer === "") return [];
  if (!pointer.startsWith("/") || BAD_ESCAPE.test(pointer)) return null;
  const steps = pointer.slice(1).split("/");
  // In this order: "~01" is "~1", and no slash.
  return steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function member(value: unknown, step: string): unknown {
  if (Array.isArray(value)) return ARRAY_INDEX.test(step) ? value[Number(step)] : undefined;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
  return (value as Record<string, unknown>)[step];
}
