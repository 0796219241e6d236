/** The URL rules that need no name lookup; see docs/endpoints.md. */
import { isIP } from "node:net";
import { urlFault } from "../domain/endpoints/web-url.ts";
import { ENDPOINT_URL_CHARS_MAX } from "../domain/limits.ts";
import type { Guard } from "./guard.ts";

/** The host of a URL. */
export type Host =
  /** Checked addresses: a literal address, or the addresses of `localhost`. */
  | { readonly kind: "addresses"; readonly addresses: readonly string[] }
  /** A name to resolve, without a trailing dot. */
  | { readonly kind: "name"; readonly name: string };

export interface Target {
  /** `https://host:port`. */
  readonly origin: string;
  readonly secure: boolean;
  readonly port: number;
  readonly host: Host;
  /** The name or literal address that the certificate must contain, without brackets or a trailing dot. */
  readonly hostname: string;
  /** The path and query that are sent. */
  readonly path: string;
}

type TargetVerdict =
  | { readonly kind: "accepted"; readonly target: Target }
  | { readonly kind: "refused"; readonly by: "url" | "address"; readonly reason: string };

export interface TargetRules {
  readonly allowHttp: boolean;
  readonly guard: Guard;
}

/** Parse a URL and check its syntax, a literal address, and names that are refused without a lookup. */
export function readTarget(text: string, { allowHttp, guard }: TargetRules): TargetVerdict {
  const fault = formFault(text, allowHttp);
  if (fault !== null) return badUrl(fault);
  const url = URL.parse(text);
  if (url === null || url.hostname === "") return badUrl(notAbsolute(allowHttp));
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return badUrl(`the URL must begin with https://${allowHttp ? " or http://" : ""}`);
  }
  if (url.port === "0") return badUrl("the URL's port must be from 1 to 65535");
  // `URL.parse` has already converted decimal, octal, hex, short and full-width notations into plain addresses.
  const hostname = url.hostname.replace(/^\[|\]$|\.$/g, "");
  const host = readHost(hostname, guard);
  if (url.protocol === "http:" && !allowHttp) {
    const reason = "the URL must begin with https://; set SIGNALBOX_ALLOW_HTTP=true to allow http://";
    // Both at once: a person who has allowed http:// would meet the next refusal.
    return badUrl(host.kind === "refused" && host.by === "address" ? `${reason}. Also, ${host.reason}` : reason);
  }
  if (host.kind === "refused") return host;
  const secure = url.protocol === "https:";
  return {
    kind: "accepted",
    target: {
      origin: url.origin,
      secure,
      port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
      host,
      hostname,
      path: url.pathname + url.search,
    },
  };
}

/** Refuse what `URL.parse` would silently repair, because other parsers may read it differently. */
function formFault(text: string, allowHttp: boolean): string | null {
  if (text.length > ENDPOINT_URL_CHARS_MAX) return `the URL is longer than ${ENDPOINT_URL_CHARS_MAX} characters`;
  switch (urlFault(text)) {
    case "characters":
      return "the URL must not contain spaces, control characters or backslashes";
    case "slashes":
      return notAbsolute(allowHttp);
    case "credentials":
      return "the URL must not contain a user name or password";
    case null:
      return null;
  }
}

const notAbsolute = (allowHttp: boolean) =>
  `the URL is not a valid absolute ${allowHttp ? "http or https" : "https"} URL such as https://example.com/hook`;

function readHost(hostname: string, guard: Guard): Host | Extract<TargetVerdict, { kind: "refused" }> {
  if (isIP(hostname) !== 0) {
    const kind = guard.refusal(hostname);
    if (kind === null) return { kind: "addresses", addresses: [hostname] };
    return badAddress(`the URL's host is ${kind}; add its network to SIGNALBOX_ALLOW_NETWORKS to allow it`);
  }
  if (hostname.split(".").includes("")) return badUrl("the URL's host name has an empty label");
  if (hostname === "localhost" || hostname.endsWith(".localhost")) {
    if (guard.loopback.length > 0) return { kind: "addresses", addresses: guard.loopback };
    return badAddress(
      "the URL's host is a loopback address of this machine; add 127.0.0.0/8 to SIGNALBOX_ALLOW_NETWORKS to allow it",
    );
  }
  if (isInternalName(hostname) && !guard.allowsNetworks) {
    return badAddress(
      "the URL's host name only exists inside a network; " +
        "add that network's addresses to SIGNALBOX_ALLOW_NETWORKS to allow it",
    );
  }
  return { kind: "name", name: hostname };
}

/**
 * Whether a name exists only inside a container network, a cluster or an office. Public names have several labels and
 * other endings.
 */
function isInternalName(hostname: string): boolean {
  return !hostname.includes(".") || hostname.endsWith(".local") || hostname.endsWith(".internal");
}

const badUrl = (reason: string) => ({ kind: "refused", by: "url", reason }) as const;
const badAddress = (reason: string) => ({ kind: "refused", by: "address", reason }) as const;
