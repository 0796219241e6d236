/** Values that stand in a request: in a header, or in its body at a pointer (RFC 6901). */
import type { InboundRequest } from "../../domain/inbound/request.ts";
import type { ValuePlace } from "../../domain/inbound/source.ts";
import { header } from "./schemes/headers.ts";

/** A text, or a number or truth value as JSON writes it; null when there is no such value, or an empty text. */
export function valueAt(place: ValuePlace, request: InboundRequest, body: unknown): string | null {
  if (place.from === "header") return header(request, place.name);
  const value = atPointer(body, place.pointer);
  switch (typeof value) {
    case "string":
      return value === "" ? null : value;
    case "number":
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

function atPointer(value: unknown, pointer: string): unknown {
  const steps = pointerSteps(pointer);
  if (steps === null) return undefined;
  let found = value;
  for (const step of steps) found = member(found, step);
  return found;
}

function member(value: unknown, step: string): unknown {
  if (Array.isArray(value)) return ARRAY_INDEX.test(step) ? value[Number(step)] : undefined;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
  return (value as Record<string, unknown>)[step];
}
