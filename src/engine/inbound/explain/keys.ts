/** The secret, spelled otherwise: what a sender may have made its key of. */
import type { Proof } from "../schemes/claim.ts";

export interface OtherKey {
  readonly key: Buffer;
  /** What is wrong when it fits: a whole sentence, without the secret. */
  readonly finding: string;
}

const PREFIX = "whsec_";

/** Each key once, the likeliest first, and none that the scheme itself makes of the secret. */
export function* otherKeys(secret: string, keyOf: Proof["keyOf"]): Generator<OtherKey> {
  const seen = new Set([keyOf(secret).toString("latin1")]);
  for (const [key, finding] of candidates(secret, keyOf)) {
    const id = key.toString("latin1");
    if (seen.has(id)) continue;
    seen.add(id);
    yield { key, finding };
  }
}

type Candidate = readonly [key: Buffer, finding: string];

function* candidates(secret: string, keyOf: Proof["keyOf"]): Generator<Candidate> {
  yield* withoutAround(secret, keyOf);
  yield withEnd(secret, "\n", "a newline");
  yield* prefixed(secret.trim(), keyOf);
  yield* decoded(secret.trim());
  yield [Buffer.alloc(0), "It does fit an empty secret: the sender has none, such as when its setting is missing."];
  yield withEnd(secret, "\r\n", "a newline (CR LF)");
  yield withEnd(secret, " ", "a space");
  yield quoted(secret, '"', "double");
  yield quoted(secret, "'", "single");
  yield* encoded(secret, keyOf);
}

// ── White space and quotes ──────────────────────────────────────────────────────────────────────────────────────────

const QUOTED = /^(["'])(.+)\1$/s;

/** Only what is there: most secrets have neither. */
function* withoutAround(secret: string, keyOf: Proof["keyOf"]): Generator<Candidate> {
  const trimmed = secret.trim();
  yield [keyOf(trimmed), "The source's secret has white space around it: the signature fits the secret without that."];
  const unquoted = QUOTED.exec(trimmed)?.[2];
  if (unquoted !== undefined) {
    yield [keyOf(unquoted), "The source's secret has quotes around it: the signature fits the secret without those."];
  }
}

function withEnd(secret: string, end: string, name: string): Candidate {
  return [Buffer.from(secret + end), `The sender's secret has ${name} at its end, which the source's has not.`];
}

function quoted(secret: string, quote: string, name: string): Candidate {
  const finding = `The sender's secret has ${name} quotes around it, which the source's has not.`;
  return [Buffer.from(quote + secret + quote), finding];
}

// ── Its beginning, and what it is decoded from ──────────────────────────────────────────────────────────────────────

function* prefixed(secret: string, keyOf: Proof["keyOf"]): Generator<Candidate> {
  if (!secret.startsWith(PREFIX)) {
    yield [Buffer.from(PREFIX + secret), `It does fit the secret with ${PREFIX} before it, which the source's lacks.`];
    return;
  }
  const rest = secret.slice(PREFIX.length);
  yield [keyOf(rest), `It does fit the secret without its ${PREFIX}, which the sender's has not.`];
  yield [Buffer.from(secret), "It does fit the secret as text, prefix and all: the sender does not decode it."];
}

const HEX = /^(?:[0-9a-f]{2})+$/i;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const BASE64URL = /^[A-Za-z0-9_-]+={0,2}$/;

function* decoded(secret: string): Generator<Candidate> {
  const rest = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  const what = rest === secret ? "the secret" : `the secret after ${PREFIX}`;
  const finding = (from: string): string =>
    `It does fit ${what} decoded from ${from}: the sender decodes it, and the source takes it for text.`;
  if (HEX.test(rest)) yield [Buffer.from(rest, "hex"), finding("hex")];
  if (BASE64.test(rest)) yield [Buffer.from(rest, "base64"), finding("base64")];
  if (BASE64URL.test(rest)) yield [Buffer.from(rest, "base64url"), finding("base64url")];
}

// ── What is written otherwise ───────────────────────────────────────────────────────────────────────────────────────

function* encoded(secret: string, keyOf: Proof["keyOf"]): Generator<Candidate> {
  if (HEX.test(secret)) {
    yield [
      Buffer.from(secret.toLowerCase()),
      "It does fit the secret in lower case: the source's has upper-case hex digits.",
    ];
    yield [
      Buffer.from(secret.toUpperCase()),
      "It does fit the secret in upper case: the source's has lower-case hex digits.",
    ];
  }
  if (secret.isWellFormed()) {
    yield [
      Buffer.from(encodeURIComponent(secret)),
      "It does fit the secret URL-encoded: the sender's has %-escapes in it.",
    ];
  }
  yield [keyOf(urlDecoded(secret)), "It does fit the secret URL-decoded: the source's has %-escapes in it."];
  const bytes = Buffer.from(secret);
  yield [
    Buffer.from(bytes.toString("base64")),
    "It does fit the secret encoded in base64: the sender's is encoded once more.",
  ];
  yield [
    Buffer.from(bytes.toString("hex")),
    "It does fit the secret encoded in hex: the sender's is encoded once more.",
  ];
  const key = keyOf(secret);
  if (!key.equals(bytes)) {
    yield [Buffer.from(key.toString("hex")), "It does fit the key in hex as text: the sender encodes what it decoded."];
  }
}

function urlDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
