/** What the parts of a source must be to one another; each rule is asked of whatever stands there, of the right shape or not. */

import { isReservedEventType } from "../../domain/delivery/event.ts";
import type { Fault } from "../../domain/errors.ts";
import { standardKey } from "../../domain/formats/keys.ts";
import { SCHEMES, type Scheme } from "../../domain/inbound/source.ts";
import { SOURCE_TEMPLATE_CHARS_MAX } from "../../domain/limits.ts";
import { isOfTheConnection } from "../../domain/text/headers.ts";
import { isBlank, isPlain } from "../../domain/text/text.ts";
import { isOfCredentials } from "../../engine/inbound/kept-headers.ts";

type Fields = ReadonlyMap<string, unknown>;

/** Of a body that makes a source; those that hang on the scheme only when there is one. */
export function creationFaults(body: Fields): readonly Fault[] {
  const named = body.get("scheme");
  const scheme = SCHEMES.find((one) => one === named);
  const ofScheme = scheme === undefined ? [] : [...secretFaults(body, scheme), ...optionFaults(body, scheme, "create")];
  return [...ofScheme, ...partFaults(body)];
}

/** Of a body that changes a source of this scheme. */
export function changeFaults(body: Fields, scheme: Scheme): readonly Fault[] {
  const named = body.get("scheme");
  const isChanged = named !== undefined && named !== scheme;
  const rule = `cannot change from "${scheme}": what it signed could no longer be verified; make another source`;
  return [
    ...(isChanged ? [{ field: "scheme", rule }] : []),
    ...secretFaults(body, scheme),
    ...optionFaults(body, scheme, "change"),
    ...partFaults(body),
  ];
}

export function secretFaults(body: Fields, scheme: Scheme): readonly Fault[] {
  const secret = body.get("secret");
  const fault = (rule: string) => [{ field: "secret", rule }];
  if (secret === undefined) return [];
  if (scheme === "none") return fault('must be left out: scheme "none" verifies nothing');
  if (scheme === "standard-webhooks" && typeof secret === "string" && standardKey(secret).encoding !== "base64") {
    return fault('must be whsec_ and base64 of 24 to 64 bytes with scheme "standard-webhooks"');
  }
  return [];
}

const OPTIONS = [
  ["hmac", '{"header": "X-Signature"}'],
  ["basic", '{"username": "…"}'],
] as const;

/** The options of a scheme belong to it alone, and it is nothing without them. */
function optionFaults(body: Fields, scheme: Scheme, when: "create" | "change"): readonly Fault[] {
  return OPTIONS.flatMap(([field, example]) => {
    const isGiven = (body.get(field) ?? null) !== null;
    if (scheme !== field) return isGiven ? [{ field, rule: `goes only with scheme "${field}"` }] : [];
    const isMissing = !isGiven && (when === "create" || body.has(field));
    return isMissing ? [{ field, rule: `is required with scheme "${field}", such as ${example}` }] : [];
  });
}

function partFaults(body: Fields): readonly Fault[] {
  const eventType = fieldsOf(body.get("event_type"));
  const hmac = fieldsOf(body.get("hmac"));
  return [...nameFaults(body.get("name")), ...eventTypeFaults(eventType), ...hmacFaults(hmac)];
}

/** It is what a body says in its `source`, and what people choose from in lists. */
function nameFaults(name: unknown): readonly Fault[] {
  const isOnlyBlank = typeof name === "string" && name !== "" && isPlain(name) && isBlank(name);
  return isOnlyBlank ? [{ field: "name", rule: "must not be blank" }] : [];
}

function eventTypeFaults(eventType: Fields): readonly Fault[] {
  const faults = [...twoPlacesFaults("event_type", eventType), ...headerFaults("event_type.header", eventType)];
  const prefix = eventType.get("prefix");
  const fallback = eventType.get("fallback");
  // The whole word `test` is reserved; what it may be the beginning of is not.
  if (typeof prefix === "string" && prefix !== "test" && isReservedEventType(prefix)) {
    faults.push({ field: "event_type.prefix", rule: RESERVED });
  }
  if (typeof fallback === "string" && isReservedEventType(fallback)) {
    faults.push({ field: "event_type.fallback", rule: RESERVED });
  }
  return faults;
}

const RESERVED =
  "must not make a type that Signalbox itself makes: test, or beginning with pause., pause_status. or endpoint.";

function twoPlacesFaults(field: string, place: Fields): readonly Fault[] {
  const both = isThere(place, "header") && isThere(place, "pointer");
  return both ? [{ field, rule: "must name a header or a pointer, not both" }] : [];
}

/** A header that says nothing of the sender's, or that is gone when what came is read again. */
function headerFaults(field: string, fields: Fields): readonly Fault[] {
  const name = lowerCase(fields.get(field.slice(field.lastIndexOf(".") + 1)));
  if (name === null) return [];
  if (isOfTheConnection(name)) return [{ field, rule: "must not be a header of the connection" }];
  // Some senders put their signature into Authorization; a cookie is none.
  const mayHold = field === "hmac.header" && name !== "cookie";
  return isOfCredentials(name) && !mayHold
    ? [{ field, rule: "must not be a header of credentials, which are not kept" }]
    : [];
}

function lowerCase(value: unknown): string | null {
  return typeof value === "string" ? value.toLowerCase() : null;
}

function hmacFaults(hmac: Fields): readonly Fault[] {
  const deliveryId = hmac.get("delivery_id");
  const place = fieldsOf(deliveryId);
  const isObject = typeof deliveryId === "object" && deliveryId !== null;
  const nowhere = isObject && !isThere(place, "header") && !isThere(place, "pointer");
  const rule = "must name a header or a pointer";
  return [
    ...headerFaults("hmac.header", hmac),
    ...headerFaults("hmac.timestamp_header", hmac),
    ...sameHeaderFaults(hmac, place),
    ...prefixFaults(hmac.get("prefix")),
    ...templateFaults(hmac),
    ...twoPlacesFaults("hmac.delivery_id", place),
    ...headerFaults("hmac.delivery_id.header", place),
    ...(nowhere ? [{ field: "hmac.delivery_id", rule }] : []),
  ];
}

/** The signature itself may tell repeats: it is the same for the same content. */
function sameHeaderFaults(hmac: Fields, deliveryId: Fields): readonly Fault[] {
  const stamp = lowerCase(hmac.get("timestamp_header"));
  if (stamp === null) return [];
  const isSignature = stamp === lowerCase(hmac.get("header"));
  const isId = stamp === lowerCase(deliveryId.get("header"));
  const rule = "must not be the timestamp_header: what is sent in the same second would be taken for a repeat";
  return [
    ...(isSignature ? [{ field: "hmac.timestamp_header", rule: "must be another header than the signature's" }] : []),
    ...(isId ? [{ field: "hmac.delivery_id.header", rule }] : []),
  ];
}

/** Blanks at the beginning of a header's value are not part of it (RFC 9110 §5.5). */
const HEADER_BEGINNING = /^(?:[\x21-\x7e][\x20-\x7e]*)?$/;

function prefixFaults(prefix: unknown): readonly Fault[] {
  if (typeof prefix !== "string" || !isPlain(prefix) || HEADER_BEGINNING.test(prefix)) return [];
  return [
    { field: "hmac.prefix", rule: "must be ASCII and not begin with a blank: it stands at the beginning of a header" },
  ];
}

const PLACEHOLDERS = /\{[^{}]*\}/g;
const BRACE = /[{}]/;

/** What is not signed, anybody can change: a template has to have it all. */
function templateFaults(hmac: Fields): readonly Fault[] {
  const template = hmac.get("template");
  if (typeof template !== "string" || template.length > SOURCE_TEMPLATE_CHARS_MAX) return [];
  const placeholders: readonly string[] = template.match(PLACEHOLDERS) ?? [];
  const unknown = placeholders.filter((one) => one !== "{body}" && one !== "{timestamp}");
  const rules = [
    ...(placeholders.filter((one) => one === "{body}").length === 1 ? [] : ["must have {body} once"]),
    ...stampRules(placeholders.includes("{timestamp}"), isThere(hmac, "timestamp_header")),
    ...(BRACE.test(template.replace(PLACEHOLDERS, ""))
      ? ["must have no braces but those of {body} and {timestamp}"]
      : []),
    ...(unknown.length === 0 ? [] : [`knows {body} and {timestamp}, not ${[...new Set(unknown)].join(", ")}`]),
  ];
  return rules.map((rule) => ({ field: "hmac.template", rule }));
}

function stampRules(isSigned: boolean, isSent: boolean): readonly string[] {
  if (isSent && !isSigned) return ["must have {timestamp}, since there is a timestamp_header"];
  return isSigned && !isSent ? ["has {timestamp}, which needs a timestamp_header"] : [];
}

function isThere(fields: Fields, name: string): boolean {
  return (fields.get(name) ?? null) !== null;
}

function fieldsOf(value: unknown): Fields {
  return new Map<string, unknown>(typeof value === "object" && value !== null ? Object.entries(value) : []);
}
