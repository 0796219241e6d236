/** Why a request was refused, for whoever has to mend it. */
import type { InboundRequest } from "../../domain/inbound/request.ts";
import type { SourceSettings } from "../../domain/inbound/source.ts";
import { SIGNATURE_FIELD } from "./jcs.ts";
import type { Content, Proof, Rejected, Signed } from "./schemes/claim.ts";
import { CLAIMS } from "./schemes/index.ts";
import { EMBEDDED_PLACE } from "./schemes/jcs.ts";
import { isRight, isSignedWith } from "./verify-claim.ts";
import { type Respelled, respelled, respelledWithout } from "./verify-respelled.ts";

interface Question {
  readonly settings: SourceSettings;
  readonly secrets: readonly string[];
  readonly expiredSecrets: readonly string[];
  readonly request: InboundRequest;
}

/**
 * The explanation of what `verifyRequest` refused, looked for: which other body, secret or spelling of the secret the
 * signature fits. Never says a secret, nor a signature that would be right.
 *
 * Some thirty HMACs of the body and a few copies of it: milliseconds for the largest. Not for requests that nobody keeps.
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
  if (settings.scheme === "basic" || settings.scheme === "none" || reason === "source_unusable") return explanation;
  const claim = CLAIMS[settings.scheme](request, settings);
  if (claim.kind === "rejected") return explanation;
  const question = { settings, secrets, expiredSecrets, request };
  return `${explanation} ${reason === "signature_mismatch" ? mismatch(claim, question) : besides(claim, question)}`;
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
    return "It fits a secret that the source had before: the sender still signs with that one.";
  }
  const finding =
    byBody(wrong, secrets, request.body) ??
    bySecret(wrong, secrets, request.body) ??
    byTemplate(wrong, question) ??
    "It fits no other spelling of the body or of the secret either, so most likely the sender has another secret.";
  return settings.scheme === "twilio" ? `${finding} ${urlAdvice(request.url)}` : finding;
}

function wrongProof(proofs: Signed["proofs"], secrets: readonly string[], body: Uint8Array): Proof | undefined {
  return proofs.find((proof) => !isRight(proof, secrets, body));
}

function byBody(proof: Proof, secrets: readonly string[], body: Uint8Array): string | null {
  const fits: (other: Respelled) => boolean =
    proof.place === EMBEDDED_PLACE
      ? (other) => secrets.some((secret) => isSignedWith(proof.keyOf(secret), proof, [other.body]))
      : (other) => isRight(proof, secrets, other.body);
  const others = proof.place === EMBEDDED_PLACE ? respelledWithout(body, SIGNATURE_FIELD) : respelled(body);
  const fitting = others.find(fits);
  return fitting === undefined ? null : `It fits ${fitting.how}.`;
}

// ── The secret, spelled otherwise ───────────────────────────────────────────────────────────────────────────────────

const PREFIX = "whsec_";

interface OtherKey {
  readonly key: Buffer;
  readonly how: string;
}

function bySecret(proof: Proof, secrets: readonly string[], body: Uint8Array): string | null {
  const contents = proof.contentsOf(body);
  const fitting = secrets.flatMap(otherKeys).find(({ key }) => contents.some((part) => isSignedWith(key, proof, part)));
  return fitting === undefined ? null : `It fits ${fitting.how}.`;
}

function otherKeys(secret: string): readonly OtherKey[] {
  const trimmed = secret.trim();
  const rest = trimmed.startsWith(PREFIX) ? trimmed.slice(PREFIX.length) : trimmed;
  const prefixed = rest === trimmed ? "" : ` after ${PREFIX}`;
  const keys: OtherKey[] = [
    { key: Buffer.from(secret), how: "the secret as text, prefix and all, rather than decoded" },
    { key: Buffer.from(trimmed), how: "the secret without the white space around it" },
    { key: Buffer.from(rest), how: `the secret without its ${PREFIX}, as text` },
    { key: Buffer.from(`${PREFIX}${rest}`), how: `the secret with ${PREFIX} before it, as text` },
    { key: Buffer.from(rest, "base64"), how: `the secret${prefixed} decoded from base64` },
    { key: Buffer.from(rest, "hex"), how: `the secret${prefixed} decoded from hex` },
  ];
  return keys.filter(({ key }) => key.length > 0);
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
  return fitting === undefined ? null : `It fits the template "${fitting[1]}": give the source that one.`;
}

const CREDENTIALS = /\/\/[^/?#]*@/;
const QUERY = /[?#].*$/s;
const SHOWN_URL_CHARS_MAX = 300;

function urlAdvice(url: string): string {
  const shown = url.replace(CREDENTIALS, "//").replace(QUERY, "").slice(0, SHOWN_URL_CHARS_MAX);
  return `Twilio signs the URL as it is registered there; here it is taken to begin with ${shown}.`;
}
