/** Which headers of a request are kept: those that say what it is and who signed it, never a credential. */

import { LOOP_HEADER } from "../../domain/delivery/loops.ts";
import type { SourceSettings } from "../../domain/inbound/source.ts";
import { INBOUND_HEADERS_CHARS_MAX } from "../../domain/limits.ts";
import { isSignatureList } from "./schemes/encoding.ts";

const KEPT =
  /^(content-type|user-agent|cdn-loop|x-|webhook-|svix-|stripe-|shopify-|i-twilio-)|sign|hmac|digest|(^|-)sig$/;
/** Of the way here, not of the sender. */
const OF_THE_WAY = /^x-(forwarded|real-ip|request-id|cloud-trace|amzn|amz-cf|vercel|envoy)/;

/** With any of these ending a part of its name, such as `x-gitlab-token` and `x-session-id`; an idempotency token tells repeats. */
const KEYS =
  "api|app|auth|access|account|client|encryption|functions|license|master|private|shared|signing|subscription|webhook";
const CREDENTIALS = new RegExp(
  `(?:(?<!idempotency-?)token|(?:${KEYS})[-_.]?key|secret|passw(?:or)?d|pwd|passphrase|passcode|credential|session(?:id)?` +
    "|cookie|authorization|jwt|bearer)s?(?![a-z0-9])|(?<![a-z0-9])(?:auth|otp|pin)$",
);

/** What the schemes read: without these a request can neither be verified again nor say what it is. */
const READ: ReadonlySet<string> = new Set([
  "content-type",
  LOOP_HEADER.toLowerCase(),
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
/** What could be meant instead, once the source's settings are mended. */
const SIGNATURE_LIKE = /sign|hmac|digest|timestamp|(^|-)sig$/;

/** Whether a header, by its lower-case name, commonly holds a credential: it is not kept. */
export function isOfCredentials(name: string): boolean {
  return CREDENTIALS.test(name);
}

type Headers = Readonly<Record<string, string>>;

/** In the order in which they came. Where there is no room for all, what is read comes before what is only shown. */
export function keptHeaders(headers: Headers, settings: SourceSettings | null): Headers {
  const named = settings === null ? [] : namedBy(settings);
  const wanted = Object.entries(headers).filter(([name, value]) => {
    if (isOfCredentials(name) && !isSignature(name, value, settings)) return false;
    return named.includes(name) || (KEPT.test(name) && !OF_THE_WAY.test(name));
  });
  const chars = wanted.reduce((sum, header) => sum + charsOf(header), 0);
  return Object.fromEntries(chars <= INBOUND_HEADERS_CHARS_MAX ? wanted : fitting(wanted, named));
}

type Header = readonly [name: string, value: string];

/** One that does not fit makes no difference to those after it. */
function fitting(wanted: readonly Header[], named: readonly string[]): readonly Header[] {
  const rank = ([name]: Header): number => {
    if (named.includes(name) || READ.has(name)) return 0;
    return SIGNATURE_LIKE.test(name) ? 1 : 2;
  };
  let room = INBOUND_HEADERS_CHARS_MAX;
  const chosen = new Set<Header>();
  for (const header of wanted.toSorted((a, b) => rank(a) - rank(b))) {
    const chars = charsOf(header);
    if (chars > room) continue;
    room -= chars;
    chosen.add(header);
  }
  return wanted.filter((header) => chosen.has(header));
}

function charsOf([name, value]: Header): number {
  return name.length + value.length;
}

/** What a source of scheme `basic` is to believe: kept of refused requests alone, sealed, to verify them again. */
export function keptCredentials({ authorization }: Headers, settings: SourceSettings | null): string | null {
  if (settings?.scheme !== "basic" || authorization === undefined) return null;
  return authorization.length > INBOUND_HEADERS_CHARS_MAX ? null : authorization;
}

/** Some senders put their signature into Authorization. Without the secret it opens nothing, and it is verified again. */
function isSignature(name: string, value: string, settings: SourceSettings | null): boolean {
  const hmac = settings?.hmac ?? null;
  if (hmac === null || hmac.header.toLowerCase() !== name) return false;
  return isSignatureList(value.trim(), { ...hmac, place: hmac.header });
}

function namedBy({ eventType, hmac }: SourceSettings): string[] {
  const places = [eventType.place, hmac?.deliveryId ?? null];
  const names = places.flatMap((place) => (place?.from === "header" ? [place.name] : []));
  if (hmac !== null) names.push(hmac.header);
  if (hmac !== null && hmac.timestampHeader !== null) names.push(hmac.timestampHeader);
  return names.map((name) => name.toLowerCase());
}
