/** Why a request was refused, for whoever has to mend it. */
import type { InboundRequest, Rejection } from "../../../domain/inbound/request.ts";
import type { SourceSettings } from "../../../domain/inbound/source.ts";
import { SIGNATURE_FIELD } from "../json/jcs.ts";
import type { Content, Proof, Rejected, Signed } from "../schemes/claim.ts";
import { CLAIMS, type SigningScheme } from "../schemes/index.ts";
import { EMBEDDED_PLACE } from "../schemes/jcs.ts";
import { isRight, isSignedWith } from "../verify-claim.ts";
import { type BodyVariant, bodyVariants, bodyVariantsWithout } from "./body-variants.ts";
import { encodingFinding } from "./encodings.ts";
import { otherKeys } from "./keys.ts";

interface Question {
  readonly settings: SourceSettings;
  readonly secrets: readonly string[];
  readonly expiredSecrets: readonly string[];
  readonly request: InboundRequest;
}

/** There is no cause to look for. */
const SELF_EXPLANATORY: readonly Rejection[] = ["source_unusable", "loop_detected"];

/**
 * The explanation of what `verifyRequest` refused, looked for: which other body, secret or spelling of the secret the
 * signature fits, and which encoding. Never says a secret, nor a signature that would be right.
 *
 * Up to some thirty spellings of the body and twenty of the secret, an HMAC for each, until one fits: when none does 1 ms
 * for 3 KB and 8 ms for 32 KB. Of larger bodies only the likeliest are tried, down to four ways to write JSON anew beyond
 * 100 KB. Of 240 KB on a quiet machine: 30 ms for 18,000 members with numbers as keys, 5 ms for nothing but `<&>'`, 25 ms
 * for 8,500 small objects and for nothing but what is not ASCII, and 40 ms for brackets 60 deep, the worst that was found.
 * So it is only for whoever reads a record.
 *
 * @param refusal        what `verifyRequest` answered to the parameters before it
 * @param expiredSecrets those that no longer hold, as far as they are known
 */
export function explainRejection(
  settings: SourceSettings,
  secrets: readonly string[],
  request: InboundRequest,
  refusal: Rejected,
  expiredSecrets: readonly string[] = [],
): string {
  const { reason, explanation } = refusal;
  if (settings.scheme === "basic" || settings.scheme === "none" || SELF_EXPLANATORY.includes(reason)) {
    return explanation;
  }
  const question = { settings, secrets: secrets.filter((secret) => secret !== ""), expiredSecrets, request };
  const found = finding(settings.scheme, reason, question);
  return found === null ? explanation : `${explanation} ${found}`;
}

/** Of signatures that are not there, or not as they should be. */
const UNREAD: readonly Rejection[] = ["header_missing", "signature_missing", "signature_malformed"];

function finding(scheme: SigningScheme, reason: Rejection, question: Question): string | null {
  const { settings, secrets, request } = question;
  const claim = CLAIMS[scheme](request, settings);
  if (claim.kind === "signed")
    return reason === "signature_mismatch" ? mismatch(claim, question) : besides(claim, question);
  return UNREAD.includes(reason) ? encodingFinding(scheme, settings, secrets, request) : null;
}

/** A timestamp that is off may be all that is wrong. */
function besides({ proofs }: Signed, { secrets, request }: Question): string {
  return wrongProof(proofs, secrets, request.body) === undefined
    ? "The signature fits."
    : "The signature does not fit either.";
}

function mismatch({ proofs }: Signed, question: Question): string {
  const { secrets, expiredSecrets, request, settings } = question;
  const wrong = wrongProof(proofs, secrets, request.body) ?? proofs[0];
  if (isRight(wrong, expiredSecrets, request.body)) {
    return "It does fit a secret that the source had before: the sender still signs with that one.";
  }
  return (
    byBody(wrong, question) ??
    bySecret(wrong, secrets, request.body) ??
    byTemplate(wrong, question) ??
    nothingFits(request.body) + (settings.scheme === "twilio" ? ` ${urlAdvice(request.url)}` : "")
  );
}

function nothingFits(body: Uint8Array): string {
  const tried =
    body.length > SEARCHED_WHOLLY_BYTES_MAX
      ? "It fits none of the likeliest other spellings of the body or of the secret (so large a body is not tried in all)"
      : "It fits no other spelling of the body or of the secret either";
  return `${tried}: most likely the sender has another secret, or something on the way changes what the body says.`;
}

function wrongProof(proofs: Signed["proofs"], secrets: readonly string[], body: Uint8Array): Proof | undefined {
  return proofs.find((proof) => !isRight(proof, secrets, body));
}

/** The larger a body beyond that, the fewer of its spellings are tried, and of the secret's. */
const SEARCHED_WHOLLY_BYTES_MAX = 32 * 1024;
/** More than there are of either. */
const TRIED_COUNT_MAX = 40;
/** Of the secret an HMAC each; of the body it may take ten times as long to write it. */
const KEYS_TRIED_COUNT_MIN = 8;
const ANEW_COUNT_MIN = 4;

function triedCount(body: Uint8Array, least: number): number {
  const excess = Math.max(1, body.length / SEARCHED_WHOLLY_BYTES_MAX);
  return Math.max(least, Math.floor(TRIED_COUNT_MAX / excess ** 2));
}

function byBody(proof: Proof, { settings, secrets, request: { body } }: Question): string | null {
  const isEmbedded = proof.place === EMBEDDED_PLACE;
  const fits: (other: BodyVariant) => boolean = isEmbedded
    ? (other) => secrets.some((secret) => isSignedWith(proof.keyOf(secret), proof, [other.body]))
    : (other) => isRight(proof, secrets, other.body);
  // What twilio signs are parameters, and to read them takes longest.
  const anewMax = settings.scheme === "twilio" ? 0 : triedCount(body, ANEW_COUNT_MIN);
  const others = isEmbedded ? bodyVariantsWithout(body, SIGNATURE_FIELD, anewMax) : bodyVariants(body, anewMax);
  const fitting = others.find(fits);
  return fitting === undefined ? null : `It does fit ${fitting.how}.`;
}

function bySecret(proof: Proof, secrets: readonly string[], body: Uint8Array): string | null {
  const contents = proof.contentsOf(body);
  for (const secret of secrets) {
    const fitting = otherKeys(secret, proof.keyOf)
      .take(triedCount(body, KEYS_TRIED_COUNT_MIN))
      .find(({ key }) => contents.some((part) => isSignedWith(key, proof, part)));
    if (fitting !== undefined) return fitting.finding;
  }
  return null;
}

// ── What is signed, put together otherwise ──────────────────────────────────────────────────────────────────────────

/** Common ones, for a source whose template is its administrator's guess. */
function templates(timestamp: string | null, body: Uint8Array): readonly (readonly [Content, string])[] {
  const alone: readonly [Content, string] = [[body], "{body}"];
  if (timestamp === null) return [alone];
  return [
    alone,
    [[`${timestamp}.`, body], "{timestamp}.{body}"],
    [[`${timestamp}:`, body], "{timestamp}:{body}"],
    [[timestamp, body], "{timestamp}{body}"],
    [[`v0:${timestamp}:`, body], "v0:{timestamp}:{body}"],
    [[body, timestamp], "{body}{timestamp}"],
    [[body, `.${timestamp}`], "{body}.{timestamp}"],
  ];
}

function byTemplate(proof: Proof, { settings, secrets, request }: Question): string | null {
  const { hmac } = settings;
  if (settings.scheme !== "hmac" || hmac === null) return null;
  const timestamp = hmac.timestampHeader === null ? null : request.headers[hmac.timestampHeader.toLowerCase()];
  const keys = secrets.map(proof.keyOf);
  const fitting = templates(timestamp ?? null, request.body).find(([content]) =>
    keys.some((key) => isSignedWith(key, proof, content)),
  );
  return fitting === undefined ? null : `It does fit the template "${fitting[1]}": give the source that one.`;
}

const CREDENTIALS = /\/\/[^/?#]*@/;
const QUERY = /[?#].*$/s;
const SHOWN_URL_CHARS_MAX = 300;

function urlAdvice(url: string): string {
  const shown = url.replace(CREDENTIALS, "//").replace(QUERY, "").slice(0, SHOWN_URL_CHARS_MAX);
  return `Twilio signs the URL as it is registered there; here it is taken to begin with ${shown}.`;
}
