/**
 * The spelling of a web URL, one rule wherever one is taken.
 *
 * The platform's parser silently repairs `https:///user@host/`, `https:host`, `https:\\host` and line breaks inside, and
 * drops an empty user name; other parsers read another host out of the same text. Such a text is refused.
 */

/** What is wrong with the spelling. */
export type UrlSlip =
  /** White space, control characters or backslashes. */
  | "characters"
  /** No scheme, or not exactly two slashes after it. */
  | "slashes"
  /** A user name or password, also an empty one. */
  | "credentials";

/** The first slip of a URL, whatever its scheme; null for none. What it says beyond that is the parser's to judge. */
export function urlSlip(text: string): UrlSlip | null {
  if (/[\p{Cc}\s\\]/u.test(text)) return "characters";
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(text)) return "slashes";
  return /^[^/]*\/\/[^/?#]*@/.test(text) ? "credentials" : null;
}

/** An http or https URL that is spelled as RFC 3986 has it, without user name and password; null for any other text. */
export function parseWebUrl(text: string): URL | null {
  if (urlSlip(text) !== null) return null;
  const url = URL.parse(text);
  return url !== null && (url.protocol === "https:" || url.protocol === "http:") ? url : null;
}
