/** Why a request was refused, for the person who has to fix it. */
import type { InboundRequest, Rejection } from "../../../domain/inbound/request.ts";
import type { SourceSettings } from "../../../domain/inbound/source.ts";
import { SIGNATURE_FIELD } from "../json/jcs.ts";
import { EMBEDDED_LOCATION } from "../schemes/jcs.ts";
import type { Rejected, Signature, SignedRequest } from "../schemes/signature.ts";
import { SIGNING_SCHEMES, type SigningScheme } from "../schemes/signing-schemes.ts";
import { isSignedWith, matches } from "../verify/check-signature.ts";
import { type BodyVariant, bodyVariants, embeddedVariants } from "./body-variants.ts";
import { reencoded } from "./encodings.ts";
import { secretVariants } from "./secret-variants.ts";

interface RefusedRequest {
  readonly settings: SourceSettings;
  readonly secrets: readonly string[];
  readonly expiredSecrets: readonly string[];
  readonly request: InboundRequest;
}

/** These have no cause to search for. */
const SELF_EXPLANATORY: readonly Rejection[] = ["source_unusable", "loop_detected"];

/**
 * Extend the explanation of a refusal with its likely cause: the other body, secret, spelling of the secret or encoding
 * that the signature matches. The text never contains a secret or a correct signature.
 *
 * The search makes about ten variants of the body and ten of the secret, with an HMAC for each. So the server searches
 * when somebody reads a record, and never when a request arrives.
 *
 * @param refusal        what `verifyRequest` returned for the parameters before it
 * @param expiredSecrets secrets that the source had before, as far as they are known
 */
export function explainRejection(
  settings: SourceSettings,
  secrets: readonly string[],
  request: InboundRequest,
  refusal: Rejected,
  expiredSecrets: readonly string[] = [],
): string {
  const { reason, explanation } = refusal;
  const { scheme } = settings;
  if (scheme === "basic" || scheme === "none" || SELF_EXPLANATORY.includes(reason)) return explanation;
  const usable = secrets.filter((secret) => secret !== "");
  const cause = causeOf(scheme, reason, { settings, secrets: usable, expiredSecrets, request });
  return cause === null ? explanation : `${explanation} ${cause}`;
}

function causeOf(scheme: SigningScheme, reason: Rejection, refused: RefusedRequest): string | null {
  const { settings, secrets, request } = refused;
  const signed = SIGNING_SCHEMES[scheme](request, settings);
  if (signed.kind === "rejected") return reason === "signature_malformed" ? otherEncoding(scheme, refused) : null;
  if (reason === "signature_mismatch") return mismatchCause(signed, refused);
  // A wrong timestamp may be the only fault.
  return firstWrong(signed, secrets, request.body) === undefined
    ? "The signature matches."
    : "The signature does not match either.";
}

function firstWrong(
  { signatures }: SignedRequest,
  secrets: readonly string[],
  body: Uint8Array,
): Signature | undefined {
  return signatures.find((signature) => !matches(signature, secrets, body));
}

function otherEncoding(scheme: SigningScheme, { settings, secrets, request }: RefusedRequest): string | null {
  for (const { from, to, request: other } of reencoded(settings, request)) {
    const signed = SIGNING_SCHEMES[scheme](other, settings);
    if (signed.kind === "rejected" || firstWrong(signed, secrets, other.body) !== undefined) continue;
    const setting = scheme === "hmac" ? `, or the source's encoding has to be ${from}` : "";
    return `The signature is right, but in ${from}. The sender has to write it in ${to}${setting}.`;
  }
  return null;
}

function mismatchCause(signed: SignedRequest, refused: RefusedRequest): string {
  const { settings, secrets, expiredSecrets, request } = refused;
  const wrong = firstWrong(signed, secrets, request.body) ?? signed.signatures[0];
  if (matches(wrong, expiredSecrets, request.body)) {
    return "The signature matches an earlier secret of the source. The sender still uses that secret.";
  }
  const cause = otherBody(wrong, refused) ?? otherSecret(wrong, refused);
  if (cause !== null) return cause;
  return settings.scheme === "twilio" ? `${NOTHING_MATCHES} ${TWILIO_ADVICE}` : NOTHING_MATCHES;
}

const NOTHING_MATCHES =
  "The signature matches no usual variant of the body or of the secret. Most likely the sender has another secret, or " +
  "a proxy changes what the body says.";
const TWILIO_ADVICE = "Twilio also signs the URL as you registered it there; compare it with this record's URL.";

function otherBody(signature: Signature, { secrets, request: { body } }: RefusedRequest): string | null {
  const isEmbedded = signature.location === EMBEDDED_LOCATION;
  const variants = isEmbedded ? embeddedVariants(body, SIGNATURE_FIELD) : bodyVariants(body);
  // A signature in the body is normally of the canonical form, and these are the alternatives to it.
  const isSigned: (variant: BodyVariant) => boolean = isEmbedded
    ? (variant) => secrets.some((secret) => isSignedWith(signature.keyOf(secret), signature, [variant.body]))
    : (variant) => matches(signature, secrets, variant.body);
  const match = variants.find(isSigned);
  return match === undefined ? null : `The signature matches ${match.how}.`;
}

function otherSecret(signature: Signature, { secrets, request }: RefusedRequest): string | null {
  const contents = signature.contentsOf(request.body);
  for (const secret of secrets) {
    const match = secretVariants(secret, signature.keyOf).find(({ key }) =>
      contents.some((content) => isSignedWith(key, signature, content)),
    );
    if (match !== undefined) return match.cause;
  }
  return null;
}
