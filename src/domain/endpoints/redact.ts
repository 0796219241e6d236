/** Keeps an endpoint's header values, which are often credentials, from who must not have them. */
import { includesRole, type Role } from "../access/access.ts";
import { REDACTED_CHARS_MIN } from "../limits.ts";

type Headers = Readonly<Record<string, string>>;

const REDACTED = "[redacted]";

/** The headers as a caller with this role sees them. A viewer could act with the values, so a viewer sees only the names. */
export function headersShownTo(role: Role, headers: Headers): Headers {
  if (includesRole(role, "developer")) return headers;
  return Object.fromEntries(Object.keys(headers).map((name) => [name, REDACTED]));
}

/** A URL without what follows `?`, which may be a credential. */
export function withoutSecrets(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return url;
  const { origin, pathname, search, hash } = parsed;
  return origin + pathname + (search === "" && hash === "" ? "" : "?…");
}

/** The URL of an endpoint or of a refused request as a caller with this role sees it. An agent could send something there itself. */
export function urlShownTo(role: Role, url: string): string {
  return role === "agent" ? withoutSecrets(url) : url;
}

/** A receiver's response as a caller with this role sees it: the receiver may repeat its URL, as in a redirect. */
export function responseShownTo(role: Role, url: string, response: string): string {
  const parsed = role === "agent" ? URL.parse(url) : null;
  if (parsed === null) return response;
  const parts = [...parsed.searchParams].flat();
  return redact(response, [parsed.search.slice(1), ...parts, ...parts.map(encodeURIComponent)]);
}

/**
 * Replace the values of the endpoint's headers in a response. Some receivers echo the request, and responses are stored
 * without encryption.
 */
export function redactHeaderValues(text: string, headers: Headers): string {
  return redact(text, Object.values(headers));
}

function redact(text: string, values: readonly string[]): string {
  let redacted = text;
  for (const value of values) {
    if (value.length >= REDACTED_CHARS_MIN) redacted = redacted.replaceAll(value, REDACTED);
  }
  return redacted;
}
