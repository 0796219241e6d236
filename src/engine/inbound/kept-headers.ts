/** Which headers of a request are kept: those that say what it is and who signed it, never a credential. */
import type { SourceSettings } from "../../domain/inbound/source.ts";
import { INBOUND_HEADERS_CHARS_MAX } from "../../domain/limits.ts";
import { readSignatures } from "./schemes/encoding.ts";

const KEPT = /^(content-type|user-agent|x-|webhook-|svix-|stripe-|shopify-|i-twilio-)/;
/** Of the way here, not of the sender. */
const OF_THE_WAY = /^x-(forwarded|real-ip|request-id|cloud-trace|amzn|amz-cf|vercel|envoy)/;
const CREDENTIALS = /^(authorization|proxy-authorization|cookie|x-api-key|x-auth-token)$/;

/** Whether a header, by its lower-case name, commonly holds a credential: it is not kept. */
export function isOfCredentials(name: string): boolean {
  return CREDENTIALS.test(name);
}

type Headers = Readonly<Record<string, string>>;

/** In the order in which they came, as far as there is room. */
export function keptHeaders(headers: Headers, settings: SourceSettings | null): Headers {
  const named = settings === null ? [] : namedBy(settings);
  const kept: Record<string, string> = {};
  let chars = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (isOfCredentials(name) && !isSignature(name, value, settings)) continue;
    if (!named.includes(name) && (!KEPT.test(name) || OF_THE_WAY.test(name))) continue;
    chars += name.length + value.length;
    if (chars > INBOUND_HEADERS_CHARS_MAX) break;
    kept[name] = value;
  }
  return kept;
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
  return readSignatures([value.trim()], { ...hmac, place: hmac.header }).kind === "signatures";
}

function namedBy({ eventType, hmac }: SourceSettings): string[] {
  const places = [eventType.place, hmac?.deliveryId ?? null];
  const names = places.flatMap((place) => (place?.from === "header" ? [place.name] : []));
  if (hmac !== null) names.push(hmac.header);
  if (hmac !== null && hmac.timestampHeader !== null) names.push(hmac.timestampHeader);
  return names.map((name) => name.toLowerCase());
}
