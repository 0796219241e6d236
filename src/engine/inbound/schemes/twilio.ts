/**
 * Twilio documentation, "Security", and its libraries: HMAC-SHA-1 of the URL followed by the parameters of a form, or
 * of the URL alone when that holds the body's SHA-256.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import { FORM_PARAMETERS_COUNT_MAX } from "../../../domain/limits.ts";
import { type Claim, type Content, type ReadClaim, rejected, wholeSecret } from "./claim.ts";
import { decode, readSignatures } from "./encoding.ts";
import { formParameters, isForm } from "./form.ts";
import { header, missingHeader } from "./headers.ts";

const HEADER = "X-Twilio-Signature";
const FORM = { place: HEADER, prefix: "", algorithm: "sha1", encoding: "base64" } as const;

export const twilio: ReadClaim = (request) => {
  const text = header(request, HEADER);
  if (text === null) return missingHeader(request, HEADER);
  const read = readSignatures([text], FORM);
  if (read.kind === "rejected") return read;
  const bodyHash = bodyHashIn(request.url);
  if (bodyHash !== null) return byBodyHash(request, bodyHash, read.given);
  if (isForm(request)) return byParameters(request, read.given);
  if (request.body.length === 0) return signedUrls(request.url, read.given, () => "");
  return rejected(
    "signature_missing",
    "Nothing signs this body: its content-type is not application/x-www-form-urlencoded, and the URL has no bodySHA256.",
  );
};

function byBodyHash({ url, body }: InboundRequest, bodyHash: string, given: readonly Buffer[]): Claim {
  const stated = decode(bodyHash, "hex");
  const hash = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();
  if (stated?.length !== 32) return rejected("signature_malformed", "bodySHA256 in the URL is not a SHA-256 in hex.");
  if (!timingSafeEqual(stated, hash(body))) {
    return rejected(
      "signature_mismatch",
      "The body's SHA-256 is not the bodySHA256 of its URL: the body was changed on its way.",
    );
  }
  return signedUrls(url, given, () => "");
}

function byParameters({ url, body }: InboundRequest, given: readonly Buffer[]): Claim {
  const parameters = formParameters(body);
  if (parameters === null) {
    const why = `The body is not a form in UTF-8 of at most ${FORM_PARAMETERS_COUNT_MAX} parameters.`;
    return rejected("body_unreadable", why);
  }
  return signedUrls(url, given, concatenated);
}

function signedUrls(url: string, given: readonly Buffer[], after: (body: Uint8Array) => string | null): Claim {
  const contentsOf = (body: Uint8Array): readonly Content[] => {
    const rest = after(body);
    return rest === null ? [] : spellings(url).map((spelling) => [spelling, rest]);
  };
  const proof = { place: HEADER, algorithm: FORM.algorithm, given, keyOf: wholeSecret, contentsOf };
  return { kind: "signed", stamp: null, proofs: [proof] };
}

/** In order of name; of a repeated one each value once, in order of value: what Twilio's own libraries do. */
function concatenated(body: Uint8Array): string | null {
  const parameters = formParameters(body);
  if (parameters === null) return null;
  return [...parameters.keys()]
    .sort()
    .flatMap((name) => [...new Set(parameters.get(name))].sort().map((value) => name + value))
    .join("");
}

const AUTHORITY = /^(https?):\/\/([^/?#]*)(.*)$/s;
const PORT = /:\d+$/;

/** Twilio signs the URL sometimes with its port and sometimes without, whichever was registered. */
function spellings(url: string): readonly string[] {
  const [, protocol, authority = "", rest = ""] = AUTHORITY.exec(url) ?? [];
  if (protocol === undefined) return [url];
  const bare = authority.replace(PORT, "");
  const port = PORT.exec(authority)?.[0] ?? (protocol === "https" ? ":443" : ":80");
  return [`${protocol}://${bare}${rest}`, `${protocol}://${bare}${port}${rest}`];
}

function bodyHashIn(url: string): string | null {
  const query = url.split("#", 1)[0]?.split("?").slice(1).join("?") ?? "";
  return new URLSearchParams(query).get("bodySHA256");
}
