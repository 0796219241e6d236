/** Which headers of a request are stored: those that say what it is and who signed it, never a credential. */

import { LOOP_HEADER } from "../../domain/delivery/loops.ts";
import { TRACE_HEADERS } from "../../domain/delivery/trace-context.ts";
import type { SourceSettings } from "../../domain/inbound/source.ts";
import { INBOUND_HEADERS_CHARS_MAX } from "../../domain/limits.ts";
import { isSignatureList } from "./schemes/signature-text.ts";

const KEPT =
  /^(content-type|user-agent|cdn-loop|traceparent$|tracestate$|x-|webhook-|svix-|stripe-|shopify-|i-twilio-)|sign|hmac|digest|(^|-)sig$/;
/** Added by proxies, not by the sender. */
const OF_PROXIES = /^x-(forwarded|real-ip|request-id|cloud-trace|amzn|amz-cf|vercel|envoy)/;

/** A key of any of these is a credential. */
const KEYS =
  "api|app|auth|access|account|client|encryption|functions|license|master|private|shared|signing|subscription|webhook";
/**
 * A header with one of these words at the end of a part of its name, such as `x-gitlab-token` and `x-session-id`,
 * holds a credential. An idempotency token does not: it identifies repeats.
 */
const CREDENTIALS = new RegExp(
  `(?:(?<!idempotency-?)token|(?:${KEYS})[-_.]?key|secret|passw(?:or)?d|pwd|passphrase|passcode|credential|session(?:id)?` +
    "|cookie|authorization|jwt|bearer)s?(?![a-z0-9])|(?<![a-z0-9])(?:auth|otp|pin)$",
);

/** The headers that the schemes read. Without them, a request can neither be verified again nor say what it is. */
const OF_SCHEMES: ReadonlySet<string> = new Set([
  "content-type",
  LOOP_HEADER.toLowerCase(),
  ...TRACE_HEADERS,
  "x-hub-signature-256",
  "x-github-event",
  "x-github-delivery",
  "stripe-signature",
  "x-slack-signature",
  "x-slack-request-timestamp",
  ...["hmac-sha256", "topic", "webhook-id"].flatMap((name) => [`x-shopify-${name}`, `shopify-${name}`]),
  "x-twilio-signature",
  "x-twilio-webhooks-signature-settings",
  "i-twilio-idempotency-token",
  ...["id", "timestamp", "signature"].flatMap((name) => [`webhook-${name}`, `svix-${name}`]),
  "x-pausepoint-signature",
  "x-pausepoint-event",
  "x-pacspace-signature",
  "x-pacspace-timestamp",
  "x-webhook-event",
  "x-event-id",
  "x-signature",
]);
/** The header with the signature may be one of these, once the source's settings are fixed. */
const SIGNATURE_LIKE = /sign|hmac|digest|timestamp|(^|-)sig$/;

/**
 * Whether a header commonly holds a credential, so that it is not stored.
 *
 * @param name in lower case
 */
export function isOfCredentials(name: string): boolean {
  return CREDENTIALS.test(name);
}

type Headers = Readonly<Record<string, string>>;

/** In the order of the request. When they exceed the limit, headers that are read precede those that are only shown. */
export function keptHeaders(headers: Headers, settings: SourceSettings | null): Headers {
  const named = settings === null ? [] : namedBy(settings);
  const eligible = Object.entries(headers).filter(([name, value]) => {
    if (isOfCredentials(name) && !isSignature(name, value, settings)) return false;
    return named.includes(name) || (KEPT.test(name) && !OF_PROXIES.test(name));
  });
  const chars = eligible.reduce((sum, header) => sum + charsOf(header), 0);
  return Object.fromEntries(chars <= INBOUND_HEADERS_CHARS_MAX ? eligible : fitting(eligible, named));
}

type Header = readonly [name: string, value: string];

/** A header that does not fit leaves the space to smaller ones after it. */
function fitting(eligible: readonly Header[], named: readonly string[]): readonly Header[] {
  const rank = ([name]: Header): number => {
    if (named.includes(name) || OF_SCHEMES.has(name)) return 0;
    return SIGNATURE_LIKE.test(name) ? 1 : 2;
  };
  let charsLeft = INBOUND_HEADERS_CHARS_MAX;
  const chosen = new Set<Header>();
  for (const header of eligible.toSorted((a, b) => rank(a) - rank(b))) {
    const chars = charsOf(header);
    if (chars > charsLeft) continue;
    charsLeft -= chars;
    chosen.add(header);
  }
  return eligible.filter((header) => chosen.has(header));
}

function charsOf([name, value]: Header): number {
  return name.length + value.length;
}

/** The credentials for a source of scheme `basic`. The store encrypts them, to verify a refused request again. */
export function keptCredentials({ authorization }: Headers, settings: SourceSettings | null): string | null {
  if (settings?.scheme !== "basic" || authorization === undefined) return null;
  return authorization.length > INBOUND_HEADERS_CHARS_MAX ? null : authorization;
}

/** Some senders put the signature into Authorization. It gives no access to anything, and verifying again needs it. */
function isSignature(name: string, value: string, settings: SourceSettings | null): boolean {
  const hmac = settings?.hmac ?? null;
  if (hmac === null || hmac.header.toLowerCase() !== name) return false;
  return isSignatureList(value.trim(), { ...hmac, location: hmac.header });
}

function namedBy({ eventType, hmac }: SourceSettings): string[] {
  const places = [eventType.place, hmac?.deliveryId ?? null];
  const names = places.flatMap((place) => (place?.from === "header" ? [place.name] : []));
  if (hmac !== null) names.push(hmac.header);
  if (hmac !== null && hmac.timestampHeader !== null) names.push(hmac.timestampHeader);
  return names.map((name) => name.toLowerCase());
}
