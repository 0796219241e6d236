/** The URL rules (contract, section 3): what of a URL can be judged by its spelling. */
import { isIP } from "node:net";
import { urlSlip } from "../domain/endpoints/web-url.ts";
import { ENDPOINT_URL_CHARS_MAX } from "../domain/limits.ts";
import type { Guard } from "./guard.ts";

/** Who is meant by a URL's host. */
export type Host =
  /** Addresses that were checked: a literal, or what `localhost` stands for. */
  | { readonly kind: "addresses"; readonly addresses: readonly string[] }
  /** To be resolved; without a trailing dot. */
  | { readonly kind: "name"; readonly name: string };

export interface Target {
  /** `https://host:port`, as it is compared and connected to. */
  readonly origin: string;
  readonly secure: boolean;
  readonly port: number;
  readonly host: Host;
  /** The name or literal address that a certificate must have; without brackets and trailing dot. */
  readonly hostname: string;
  /** Path and query as they are sent. */
  readonly path: string;
}

type TargetVerdict =
  | { readonly kind: "accepted"; readonly target: Target }
  | { readonly kind: "refused"; readonly by: "url" | "address"; readonly reason: string };

interface TargetRules {
  readonly allowHttp: boolean;
  readonly guard: Guard;
}

/** Parse a URL and judge its form, its literal address, and names that are refused by their spelling. */
export function readTarget(text: string, { allowHttp, guard }: TargetRules): TargetVerdict {
  const fault = formFault(text, allowHttp);
  if (fault !== null) return badUrl(fault);
  const url = URL.parse(text);
  if (url === null || url.hostname === "") return badUrl(notAbsolute(allowHttp));
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return badUrl(`the URL must begin with https://${allowHttp ? " or http://" : ""}`);
  }
  if (url.protocol === "http:" && !allowHttp) {
    return badUrl("the URL must begin with https://; SIGNALBOX_ALLOW_HTTP would allow http://");
  }
  if (url.port === "0") return badUrl("the URL's port must be from 1 to 65535");
  // The platform's parser has already turned decimal, octal, hex, short and full-width spellings into plain addresses.
  const hostname = url.hostname.replace(/^\[|\]$|\.$/g, "");
  const host = readHost(hostname, guard);
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

/** What the platform's parser would silently repair, and would then mean something else to the next reader. */
function formFault(text: string, allowHttp: boolean): string | null {
  if (text.length > ENDPOINT_URL_CHARS_MAX) return `the URL is longer than ${ENDPOINT_URL_CHARS_MAX} characters`;
  switch (urlSlip(text)) {
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
    return badAddress(`the URL's host is ${kind}; SIGNALBOX_ALLOW_NETWORKS can allow its network`);
  }
  if (hostname.split(".").includes("")) return badUrl("the URL's host name has an empty label");
  if (hostname === "localhost" || hostname.endsWith(".localhost")) {
    if (guard.loopback.length > 0) return { kind: "addresses", addresses: guard.loopback };
    return badAddress(
      "the URL's host is this machine's loopback; listing 127.0.0.0/8 in SIGNALBOX_ALLOW_NETWORKS would allow it",
    );
  }
  if (isOfANetwork(hostname) && !guard.allowsNetworks) {
    return badAddress(
      "the URL's host name only exists inside a network; " +
        "listing that network's addresses in SIGNALBOX_ALLOW_NETWORKS would allow it",
    );
  }
  return { kind: "name", name: hostname };
}

/** A name as containers, clusters and offices give it; public names have several labels and end otherwise. */
function isOfANetwork(hostname: string): boolean {
  return !hostname.includes(".") || hostname.endsWith(".local") || hostname.endsWith(".internal");
}

const badUrl = (reason: string) => ({ kind: "refused", by: "url", reason }) as const;
const badAddress = (reason: string) => ({ kind: "refused", by: "address", reason }) as const;
