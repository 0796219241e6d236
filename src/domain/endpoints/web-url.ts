/**
 * Strict syntax checks for web URLs, used wherever a URL is accepted.
 *
 * `URL.parse` silently repairs `https:///user@host/`, `https:host`, `https:\\host` and embedded line breaks, and it
 * drops an empty user name. Other parsers read a different host from the same text, so such URLs are refused.
 */

/** What is wrong with the syntax. */
export type UrlFault =
  /** It contains white space, control characters or backslashes. */
  | "characters"
  /** It has no scheme, or not exactly two slashes after the scheme. */
  | "slashes"
  /** It contains a user name or password, even an empty one. */
  | "credentials";

/** The first syntax fault of a URL of any scheme, or null when there is none. `URL.parse` checks the rest. */
export function urlFault(text: string): UrlFault | null {
  if (/[\p{Cc}\s\\]/u.test(text)) return "characters";
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(text)) return "slashes";
  return /^[^/]*\/\/[^/?#]*@/.test(text) ? "credentials" : null;
}

/**
 * Parse an http or https URL without a user name or password, written as RFC 3986 requires; null for any other text.
 */
export function parseWebUrl(text: string): URL | null {
  if (urlFault(text) !== null) return null;
  const url = URL.parse(text);
  return url !== null && (url.protocol === "https:" || url.protocol === "http:") ? url : null;
}
