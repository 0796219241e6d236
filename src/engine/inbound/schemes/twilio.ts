/**
 * Twilio documentation, "Security", and Twilio's libraries: HMAC-SHA-1 (or SHA-256) of the URL followed by the parameters
 * of a form, or of the URL alone when the URL contains the SHA-256 of the body.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import { FORM_PARAMETERS_COUNT_MAX } from "../../../domain/limits.ts";
import { formParameters, isForm } from "./form.ts";
import { header, missingHeader } from "./headers.ts";
import {
  type Content,
  type HmacAlgorithm,
  type ReadSignatures,
  type Rejected,
  rejected,
  type Signature,
  type SignedRequest,
  wholeSecret,
} from "./signature.ts";
import { decode, readSignatures } from "./signature-text.ts";
import { urlVariants } from "./url-variants.ts";

const HEADER = "X-Twilio-Signature";
const SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings";
const FORMAT = { location: HEADER, prefix: "", encoding: "base64" } as const;
const ALGORITHMS: ReadonlyMap<string, HmacAlgorithm> = new Map([
  ["HMAC_SHA1", "sha1"],
  ["HMAC_SHA256", "sha256"],
]);

/** A header names the algorithm of a webhook that is signed with a shared key: `key=…,algorithm=HMAC_SHA256`. */
function algorithmOf(request: InboundRequest): HmacAlgorithm | null {
  const settings = (header(request, SETTINGS_HEADER) ?? "").split(",").map((part) => part.trim());
  const named = settings.find((part) => part.startsWith("algorithm="))?.slice("algorithm=".length) ?? "";
  return named === "" ? "sha1" : (ALGORITHMS.get(named.toUpperCase()) ?? null);
}

export const twilio: ReadSignatures = (request) => {
  const text = header(request, HEADER);
  if (text === null) return missingHeader(request, HEADER);
  const algorithm = algorithmOf(request);
  if (algorithm === null) return rejected("header_malformed", `${SETTINGS_HEADER} names an unknown algorithm.`);
  const read = readSignatures([text], { ...FORMAT, algorithm });
  if (read.kind === "rejected") return read;
  const digest: Digest = { algorithm, given: read.given };
  const bodyHash = bodyHashIn(request.url);
  if (bodyHash !== null) return byBodyHash(request, bodyHash, digest);
  if (isForm(request)) return byParameters(request, digest);
  if (request.body.length === 0) return byUrl(request.url, digest, () => "");
  return rejected(
    "signature_missing",
    "No signature covers this body: its content-type is not application/x-www-form-urlencoded, and the URL has no " +
      "bodySHA256.",
  );
};

type Digest = Pick<Signature, "algorithm" | "given">;

function byBodyHash({ url, body }: InboundRequest, bodyHash: string, digest: Digest): SignedRequest | Rejected {
  const stated = decode(bodyHash, "hex");
  const actual = createHash("sha256").update(body).digest();
  if (stated?.length !== actual.length) {
    return rejected("signature_malformed", "bodySHA256 in the URL is not a SHA-256 in hex.");
  }
  if (!timingSafeEqual(stated, actual)) {
    const why = "The SHA-256 of the body is not the bodySHA256 in the URL: the body was changed on its way.";
    return rejected("signature_mismatch", why);
  }
  return byUrl(url, digest, () => "");
}

function byParameters({ url, body }: InboundRequest, digest: Digest): SignedRequest | Rejected {
  if (formParameters(body) === null) {
    const why = `The body is not a form in UTF-8 with at most ${FORM_PARAMETERS_COUNT_MAX} parameters.`;
    return rejected("body_unreadable", why);
  }
  return byUrl(url, digest, concatenated);
}

function byUrl(url: string, digest: Digest, afterUrl: (body: Uint8Array) => string | null): SignedRequest {
  const contentsOf = (body: Uint8Array): readonly Content[] => {
    const rest = afterUrl(body);
    return rest === null ? [] : urlVariants(url).map((variant) => [variant, rest]);
  };
  const signature = { location: HEADER, ...digest, keyOf: wholeSecret, contentsOf };
  return { kind: "signed", timestamp: null, signatures: [signature] };
}

/** By name; of a repeated parameter each value once, sorted. Twilio's own libraries do the same. */
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
