/** Rules about a source's fields that the schema cannot express. Each rule accepts values of any shape. */
import { isReservedEventType } from "../../domain/delivery/event.ts";
import type { Fault } from "../../domain/errors.ts";
import { standardKey } from "../../domain/formats/keys.ts";
import { SCHEMES, type Scheme } from "../../domain/inbound/source.ts";
import { SOURCE_TEMPLATE_CHARS_MAX } from "../../domain/limits.ts";
import { isOfTheConnection } from "../../domain/text/headers.ts";
import { isPlain } from "../../domain/text/text.ts";
import { isOfCredentials } from "../../engine/inbound/kept-headers.ts";

type Fields = ReadonlyMap<string, unknown>;

/** The faults of a body that creates a source. Rules that depend on the scheme apply only to a known scheme. */
export function creationFaults(body: Fields): readonly Fault[] {
  const named = body.get("scheme");
  const scheme = SCHEMES.find((one) => one === named);
  const ofScheme = scheme === undefined ? [] : [...secretFaults(body, scheme), ...optionFaults(body, scheme, "create")];
  return [...ofScheme, ...partFaults(body)];
}

/** The faults of a body that changes a source of this scheme. */
export function changeFaults(body: Fields, scheme: Scheme): readonly Fault[] {
  const named = body.get("scheme");
  const isChanged = named !== undefined && named !== scheme;
  const rule = `cannot change from "${scheme}", since the server could no longer verify earlier requests; create another source`;
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
  if (scheme === "none") return fault('must be left out, since the scheme "none" verifies nothing');
  if (scheme === "standard-webhooks" && typeof secret === "string" && standardKey(secret).encoding !== "base64") {
    return fault('must be whsec_ followed by base64 of 24 to 64 bytes with the scheme "standard-webhooks"');
  }
  return [];
}

const OPTIONS = [
  ["hmac", '{"header": "X-Signature"}'],
  ["basic", '{"username": "…"}'],
] as const;

/** The options of a scheme are required with that scheme, and allowed only with it. */
function optionFaults(body: Fields, scheme: Scheme, when: "create" | "change"): readonly Fault[] {
  return OPTIONS.flatMap(([field, example]) => {
    const given = isGiven(body, field);
    if (scheme !== field) return given ? [{ field, rule: `is allowed only with the scheme "${field}"` }] : [];
    const isMissing = !given && (when === "create" || body.has(field));
    return isMissing ? [{ field, rule: `is required with the scheme "${field}", for example ${example}` }] : [];
  });
}

function partFaults(body: Fields): readonly Fault[] {
  const eventType = fieldsOf(body.get("event_type"));
  const hmac = fieldsOf(body.get("hmac"));
  return [...eventTypeFaults(eventType), ...hmacFaults(hmac)];
}

function eventTypeFaults(eventType: Fields): readonly Fault[] {
  const faults = [...twoLocationsFaults("event_type", eventType), ...headerFaults("event_type.header", eventType)];
  const prefix = eventType.get("prefix");
  const fallback = eventType.get("fallback");
  // The type `test` is reserved, but types that begin with it are not.
  if (typeof prefix === "string" && prefix !== "test" && isReservedEventType(prefix)) {
    faults.push({ field: "event_type.prefix", rule: RESERVED });
  }
  if (typeof fallback === "string" && isReservedEventType(fallback)) {
    faults.push({ field: "event_type.fallback", rule: RESERVED });
  }
  return faults;
}

const RESERVED =
  "must not produce a type that Signalbox publishes itself: test, or a type that begins with pause., pause_status. or endpoint.";

function twoLocationsFaults(field: string, location: Fields): readonly Fault[] {
  const both = isGiven(location, "header") && isGiven(location, "pointer");
  return both ? [{ field, rule: "must name a header or a pointer, not both" }] : [];
}

/** Headers of the connection are not the sender's. Headers with credentials are not kept, so reprocessing lacks them. */
function headerFaults(field: string, fields: Fields): readonly Fault[] {
  const name = lowerCase(fields.get(field.slice(field.lastIndexOf(".") + 1)));
  if (name === null) return [];
  if (isOfTheConnection(name)) return [{ field, rule: "must not be a header of the connection" }];
  // Some senders put their signature into Authorization. A cookie is never a signature.
  const mayHold = field === "hmac.header" && name !== "cookie";
  return isOfCredentials(name) && !mayHold
    ? [{ field, rule: "must not be a header with credentials, which the server does not keep" }]
    : [];
}

function lowerCase(value: unknown): string | null {
  return typeof value === "string" ? value.toLowerCase() : null;
}

function hmacFaults(hmac: Fields): readonly Fault[] {
  const deliveryId = hmac.get("delivery_id");
  const location = fieldsOf(deliveryId);
  const isObject = typeof deliveryId === "object" && deliveryId !== null;
  const nowhere = isObject && !isGiven(location, "header") && !isGiven(location, "pointer");
  const rule = "must name a header or a pointer";
  return [
    ...headerFaults("hmac.header", hmac),
    ...headerFaults("hmac.timestamp_header", hmac),
    ...sameHeaderFaults(hmac, location),
    ...prefixFaults(hmac.get("prefix")),
    ...templateFaults(hmac),
    ...twoLocationsFaults("hmac.delivery_id", location),
    ...headerFaults("hmac.delivery_id.header", location),
    ...(nowhere ? [{ field: "hmac.delivery_id", rule }] : []),
  ];
}

/** The signature's header may be the delivery id: it is the same for the same content. */
function sameHeaderFaults(hmac: Fields, deliveryId: Fields): readonly Fault[] {
  const stamp = lowerCase(hmac.get("timestamp_header"));
  if (stamp === null) return [];
  const isSignature = stamp === lowerCase(hmac.get("header"));
  const isId = stamp === lowerCase(deliveryId.get("header"));
  const rule = "must not be the timestamp_header, since requests of the same second would count as repeats";
  return [
    ...(isSignature ? [{ field: "hmac.timestamp_header", rule: "must not be the header of the signature" }] : []),
    ...(isId ? [{ field: "hmac.delivery_id.header", rule }] : []),
  ];
}

/** A space at the beginning of a header's value is not part of the value (RFC 9110 §5.5). */
const HEADER_BEGINNING = /^(?:[\x21-\x7e][\x20-\x7e]*)?$/;

function prefixFaults(prefix: unknown): readonly Fault[] {
  if (typeof prefix !== "string" || !isPlain(prefix) || HEADER_BEGINNING.test(prefix)) return [];
  return [
    { field: "hmac.prefix", rule: "must be ASCII and must not begin with a space, since a header begins with it" },
  ];
}

const PLACEHOLDERS = /\{[^{}]*\}/g;
const BRACE = /[{}]/;

/** Anybody can change what is not signed, so a template must contain everything. */
function templateFaults(hmac: Fields): readonly Fault[] {
  const template = hmac.get("template");
  if (typeof template !== "string" || template.length > SOURCE_TEMPLATE_CHARS_MAX) return [];
  const placeholders: readonly string[] = template.match(PLACEHOLDERS) ?? [];
  const unknown = placeholders.filter((one) => one !== "{body}" && one !== "{timestamp}");
  const rules = [
    ...(placeholders.filter((one) => one === "{body}").length === 1 ? [] : ["must contain {body} exactly once"]),
    ...stampRules(placeholders.includes("{timestamp}"), isGiven(hmac, "timestamp_header")),
    ...(BRACE.test(template.replace(PLACEHOLDERS, ""))
      ? ["must have no braces other than those of {body} and {timestamp}"]
      : []),
    ...(unknown.length === 0 ? [] : [`supports {body} and {timestamp}, but not ${[...new Set(unknown)].join(", ")}`]),
  ];
  return rules.map((rule) => ({ field: "hmac.template", rule }));
}

function stampRules(isSigned: boolean, isSent: boolean): readonly string[] {
  if (isSent && !isSigned) return ["must contain {timestamp}, since there is a timestamp_header"];
  return isSigned && !isSent ? ["contains {timestamp}, which requires a timestamp_header"] : [];
}

function isGiven(fields: Fields, name: string): boolean {
  return (fields.get(name) ?? null) !== null;
}

function fieldsOf(value: unknown): Fields {
  return new Map<string, unknown>(typeof value === "object" && value !== null ? Object.entries(value) : []);
}
