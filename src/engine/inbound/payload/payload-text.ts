/** The payload that an inbound body becomes: always a JSON object, and without loss. */
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import { JSON_DEPTH_MAX } from "../../../domain/limits.ts";
import { scanArray, scanObject } from "../../../domain/text/json.ts";
import { formParameters, isForm, utf8Text } from "../schemes/form.ts";
import type { PointedBody } from "./pointers.ts";

export interface Payload {
  readonly text: string;
  /** The JSON of the body, or the parameters of a form as an object; null for anything else. */
  readonly body: PointedBody | null;
}

const BYTE_ORDER_MARK = "\uFEFF";

/** @param mayBeJson false to read a form as a form, even if its body is a JSON object */
export function payloadOf(request: InboundRequest, mayBeJson: boolean): Payload {
  const text = utf8Text(request.body);
  if (text === null) return { text: `{"body_base64":"${Buffer.from(request.body).toString("base64")}"}`, body: null };
  const form = isForm(request);
  // Simple clients label every body as a form, whatever they send.
  const json = form && !mayBeJson ? null : readJson(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
  if (json !== null && !(form && json.kind === "other")) return { text: json.text, body: json };
  const parameters = form ? formParameters(request.body) : null;
  if (parameters === null) return { text: `{"body":${JSON.stringify(text)}}`, body: null };
  const object = formObject(parameters);
  return { text: object, body: { source: object, value: JSON.parse(object) } };
}

interface JsonRead extends PointedBody {
  readonly kind: "object" | "other";
  /** The payload. */
  readonly text: string;
}

/** Null for a text that is not JSON, is nested too deeply, or repeats a key: two readers may read different values. */
function readJson(text: string): JsonRead | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const isArray = Array.isArray(value);
  if (isArray || typeof value !== "object" || value === null) {
    if (isArray && scanArray(text, JSON_DEPTH_MAX - 1).kind === "fault") return null;
    return { kind: "other", text: `{"body":${text.trim()}}`, source: text, value };
  }
  return scanObject(text, JSON_DEPTH_MAX).kind === "fault" ? null : { kind: "object", text, source: text, value };
}

/** A repeated parameter becomes an array. Built as text, since a parameter may be called `__proto__`. */
function formObject(parameters: ReadonlyMap<string, readonly string[]>): string {
  const members = Array.from(parameters, ([name, values]) => {
    const value = values.length === 1 ? values[0] : values;
    return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
  });
  return `{${members.join(",")}}`;
}
