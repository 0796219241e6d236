/**
 * The forms of a URL that its sender may have signed. Twilio signs the registered text, character by character. A proxy
 * may have rewritten the URL on its way, and the original text is lost, so the server tries what common programs write.
 */
import { parse, stringify } from "node:querystring";

const AUTHORITY = /^(https?):\/\/([^/?#]*)(.*)$/s;
const PORT = /:\d+$/;

/** With and without the port, and with the query as it came and as other programs write it. At most 26, each once. */
export function urlVariants(url: string): readonly string[] {
  const start = url.indexOf("?") + 1;
  const queries = start === 0 ? [""] : queryVariants(url.slice(start));
  const bases = portVariants(url.slice(0, start === 0 ? undefined : start));
  return bases.flatMap((base) => queries.map((query) => base + query));
}

/** Twilio signs the URL with or without its port, whichever was registered. */
function portVariants(url: string): readonly string[] {
  const [, protocol, authority = "", rest = ""] = AUTHORITY.exec(url) ?? [];
  if (protocol === undefined) return [url];
  const bare = authority.replace(PORT, "");
  const port = PORT.exec(authority)?.[0] ?? (protocol === "https" ? ":443" : ":80");
  return [`${protocol}://${bare}${rest}`, `${protocol}://${bare}${port}${rest}`];
}

function queryVariants(query: string): readonly string[] {
  // JavaScript's encodeURIComponent: a space becomes %20, and !'()*~ stay.
  const component = stringify(parse(query, "&", "=", { maxKeys: 0 }));
  // Forms of browsers and Java: a space becomes +, !'()~ are escaped, and * stays.
  const form = new URLSearchParams(query).toString();
  const php = form.replaceAll("*", "%2A");
  const python = php.replaceAll("%7E", "~");
  // RFC 3986, PHP's rawurlencode, Python's quote: !'()* are escaped, and ~ stays.
  const strict = python.replaceAll("+", "%20");
  const all = php.replaceAll("+", "%20");
  const browser = URL.parse(`https://a/?${query}`)?.search.slice(1) ?? query;
  const lower = [query, component, form, strict].map((text) => withHex(text, "lower"));
  return [...new Set([query, browser, withHex(query, "upper"), component, form, php, python, strict, all, ...lower])];
}

/** `%C3` and `%c3` are the same byte (RFC 3986 §2.1). .NET writes `%c3`. */
function withHex(query: string, letters: "upper" | "lower"): string {
  return query.replace(/%[\da-f]{2}/gi, (byte) => (letters === "upper" ? byte.toUpperCase() : byte.toLowerCase()));
}
