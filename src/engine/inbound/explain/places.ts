/** Where a scheme's signature stands in a request, and the request with another one there. */
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import type { SourceSettings } from "../../../domain/inbound/source.ts";
import { SIGNATURE_FIELD } from "../json/jcs.ts";
import type { HmacAlgorithm, SignatureEncoding } from "../schemes/claim.ts";
import { utf8Text } from "../schemes/form.ts";
import { header, similarHeaders } from "../schemes/headers.ts";
import type { SigningScheme } from "../schemes/index.ts";
import { standardPrefix } from "../schemes/standard-webhooks.ts";
import { twilioAlgorithm } from "../schemes/twilio.ts";

interface Form {
  readonly algorithm: HmacAlgorithm;
  readonly encoding: SignatureEncoding;
}

export interface Place extends Form {
  /** What stands there. */
  readonly text: string;
  /** A header that is none of the scheme's. */
  readonly foundIn: string | null;
  /** The request with another signature there, or in the scheme's own header. */
  readonly with: (signature: Buffer) => InboundRequest;
}

/** A header of the scheme's own, and its text with another signature in it. */
interface OwnHeader extends Form {
  readonly name: string;
  readonly fill: (text: string, signature: string) => string;
}

/** Those with something in them; another header that looks like a signature when the scheme's own is missing. */
export function placesOf(scheme: SigningScheme, settings: SourceSettings, request: InboundRequest): readonly Place[] {
  const own = ownHeaders(scheme, settings, request);
  const there = own.flatMap((slot) => placeIn(slot, slot.name, request));
  const embedded = scheme === "jcs" ? placeInBody(request) : [];
  if (there.length > 0 || embedded.length > 0) return [...there, ...embedded];
  const [first] = own;
  return first === undefined ? [] : similarHeaders(request).flatMap((name) => placeIn(first, name, request));
}

function placeIn(slot: OwnHeader, name: string, request: InboundRequest): readonly Place[] {
  const text = header(request, name);
  if (text === null) return [];
  const { algorithm, encoding } = slot;
  const filled = (signature: Buffer): InboundRequest => {
    const headers = { ...request.headers, [slot.name.toLowerCase()]: slot.fill(text, signature.toString(encoding)) };
    return { ...request, headers };
  };
  return [{ text, algorithm, encoding, foundIn: name === slot.name ? null : name, with: filled }];
}

const HEX_PREFIX = "sha256=";

/** Its canonical form stays what it is, and whoever has none is refused before. */
function placeInBody(request: InboundRequest): readonly Place[] {
  const value = parsed(request.body);
  const text = value?.[SIGNATURE_FIELD];
  if (value === null || typeof text !== "string") return [];
  const filled = (signature: Buffer): InboundRequest => {
    const body = Buffer.from(JSON.stringify({ ...value, [SIGNATURE_FIELD]: HEX_PREFIX + signature.toString("hex") }));
    return { ...request, body };
  };
  return [{ text, algorithm: "sha256", encoding: "hex", foundIn: null, with: filled }];
}

function parsed(body: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(utf8Text(body) ?? "");
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}

function ownHeaders(scheme: SigningScheme, { hmac }: SourceSettings, request: InboundRequest): readonly OwnHeader[] {
  switch (scheme) {
    case "github":
      return [slot("X-Hub-Signature-256", HEX_PREFIX)];
    case "pausepoint":
      return [slot("X-PausePoint-Signature", HEX_PREFIX)];
    case "jcs":
      return [slot("X-Signature", HEX_PREFIX), slot("X-Hub-Signature-256", HEX_PREFIX)];
    case "slack":
      return [slot("X-Slack-Signature", "v0=")];
    case "pacspace":
      return [slot("X-PacSpace-Signature", "v1=")];
    case "shopify":
      return [slot("X-Shopify-Hmac-Sha256", "", "base64"), slot("Shopify-Hmac-Sha256", "", "base64")];
    case "twilio":
      return [slot("X-Twilio-Signature", "", "base64", twilioAlgorithm(request) ?? "sha1")];
    case "standard-webhooks":
      return [slot(`${standardPrefix(request)}-signature`, "v1,", "base64")];
    case "stripe":
      return [{ ...slot("Stripe-Signature", ""), fill: (text, signature) => `${timeIn(text)},v1=${signature}` }];
    case "hmac":
      return hmac === null ? [] : [slot(hmac.header, hmac.prefix, hmac.encoding, hmac.algorithm)];
  }
}

function slot(
  name: string,
  prefix: string,
  encoding: SignatureEncoding = "hex",
  algorithm: HmacAlgorithm = "sha256",
): OwnHeader {
  return { name, encoding, algorithm, fill: (_, signature) => prefix + signature };
}

function timeIn(stripe: string): string {
  return /(?:^|,)\s*(t=[^,]*)/.exec(stripe)?.[1] ?? "";
}
