/**
 * Twilio documentation, "Security", and its libraries: HMAC-SHA-1 (or SHA-256) of the URL followed by the parameters of a form, or
 * of the URL alone when that holds the body's SHA-256.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import { FORM_PARAMETERS_COUNT_MAX } from "../../../domain/limits.ts";
import {
  type Claim,
  type Content,
  type HmacAlgorithm,
  type Proof,
  type ReadClaim,
  rejected,
  wholeSecret,
} from "./claim.ts";
import { decode, readSignatures } from "./encoding.ts";
import { formParameters, isForm } from "./form.ts";
import { header, missingHeader } from "./headers.ts";
import { urlSpellings } from "./url-spellings.ts";

const HEADER = "X-Twilio-Signature";
const SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings";
const FORM = { place: HEADER, prefix: "", encoding: "base64" } as const;
const ALGORITHMS: ReadonlyMap<string, HmacAlgorithm> = new Map([
  ["HMAC_SHA1", "sha1"],
  ["HMAC_SHA256", "sha256"],
]);

/** Of a webhook that is signed with a shared key a header names it: `key=…,algorithm=HMAC_SHA256`. Null: an unknown one. */
export function twilioAlgorithm(request: InboundRequest): HmacAlgorithm | null {
  const settings = (header(request, SETTINGS_HEADER) ?? "").split(",").map((part) => part.trim());
  const named = settings.find((part) => part.startsWith("algorithm="))?.slice("algorithm=".length) ?? "";
  return named === "" ? "sha1" : (ALGORITHMS.get(named.toUpperCase()) ?? null);
}

export const twilio: ReadClaim = (request) => {
  const text = header(request, HEADER);
  if (text === null) return missingHeader(request, HEADER);
  const algorithm = twilioAlgorithm(request);
  if (algorithm === null) return rejected("header_malformed", `${SETTINGS_HEADER} names an unknown algorithm.`);
  const read = readSignatures([text], { ...FORM, algorithm });
  if (read.kind === "rejected") return read;
  const signed: Signature = { algorithm, given: read.given };
  const bodyHash = bodyHashIn(request.url);
  if (bodyHash !== null) return byBodyHash(request, bodyHash, signed);
  if (isForm(request)) return byParameters(request, signed);
  if (request.body.length === 0) return signedUrls(request.url, signed, () => "");
  return rejected(
    "signature_missing",
    "Nothing signs this body: its content-type is not application/x-www-form-urlencoded, and the URL has no bodySHA256.",
  );
};

type Signature = Pick<Proof, "algorithm" | "given">;

function byBodyHash({ url, body }: InboundRequest, bodyHash: string, signed: Signature): Claim {
  const stated = decode(bodyHash, "hex");
  const hash = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();
  if (stated?.length !== 32) return rejected("signature_malformed", "bodySHA256 in the URL is not a SHA-256 in hex.");
  if (!timingSafeEqual(stated, hash(body))) {
    return rejected(
      "signature_mismatch",
      "The body's SHA-256 is not the bodySHA256 of its URL: the body was changed on its way.",
    );
  }
  return signedUrls(url, signed, () => "");
}

function byParameters({ url, body }: InboundRequest, signed: Signature): Claim {
  const parameters = formParameters(body);
  if (parameters === null) {
    const why = `The body is not a form in UTF-8 of at most ${FORM_PARAMETERS_COUNT_MAX} parameters.`;
    return rejected("body_unreadable", why);
  }
  return signedUrls(url, signed, concatenated);
}

function signedUrls(url: string, signed: Signature, after: (body: Uint8Array) => string | null): Claim {
  const contentsOf = (body: Uint8Array): readonly Content[] => {
    const rest = after(body);
    return rest === null ? [] : urlSpellings(url).map((spelling) => [spelling, rest]);
  };
  const proof = { place: HEADER, ...signed, keyOf: wholeSecret, contentsOf };
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

function bodyHashIn(url: string): string | null {
  const query = url.split("#", 1)[0]?.split("?").slice(1).join("?") ?? "";
  return new URLSearchParams(query).get("bodySHA256");
}
