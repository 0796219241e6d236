/** Other keys that a sender may have made of the secret. */
import type { Signature } from "../schemes/signature.ts";

export interface SecretVariant {
  readonly key: Buffer;
  /** A sentence that says what is wrong when the key fits. Does not contain the secret. */
  readonly cause: string;
}

type Variant = readonly [key: Buffer, cause: string];

/** Each key once, the likeliest first, without the key that the scheme itself makes of the secret. */
export function* secretVariants(secret: string, keyOf: Signature["keyOf"]): Generator<SecretVariant> {
  const seen = new Set([keyOf(secret).toString("latin1")]);
  for (const group of [spaceVariants, prefixVariants, decodedVariants, emptySecret]) {
    for (const [key, cause] of group(secret, keyOf)) {
      const id = key.toString("latin1");
      if (seen.has(id)) continue;
      seen.add(id);
      yield { key, cause };
    }
  }
}

const ENDS = [
  ["\n", "a newline"],
  ["\r\n", "a newline (CR LF)"],
  [" ", "a space"],
] as const;

function* spaceVariants(secret: string, keyOf: Signature["keyOf"]): Generator<Variant> {
  yield [
    keyOf(secret.trim()),
    "The source's secret has white space around it. The signature matches the secret without the white space.",
  ];
  for (const [end, name] of ENDS) {
    yield [Buffer.from(secret + end), `The sender's secret has ${name} at its end, and the source's does not.`];
  }
}

const PREFIX = "whsec_";

function* prefixVariants(secret: string, keyOf: Signature["keyOf"]): Generator<Variant> {
  const trimmed = secret.trim();
  if (!trimmed.startsWith(PREFIX)) {
    const cause = `The signature matches the secret with ${PREFIX} before it. The source's secret lacks this prefix.`;
    yield [Buffer.from(PREFIX + trimmed), cause];
    return;
  }
  const cause = `The signature matches the secret without its ${PREFIX}. The sender's secret lacks this prefix.`;
  yield [keyOf(trimmed.slice(PREFIX.length)), cause];
  const undecoded = "The signature matches the secret as text, prefix included. The sender does not decode its secret.";
  yield [Buffer.from(trimmed), undecoded];
}

const HEX = /^(?:[0-9a-f]{2})+$/i;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

function* decodedVariants(secret: string): Generator<Variant> {
  const trimmed = secret.trim();
  const encoded = trimmed.startsWith(PREFIX) ? trimmed.slice(PREFIX.length) : trimmed;
  const what = encoded === trimmed ? "the secret" : `the secret after ${PREFIX}`;
  const cause = (encoding: string): string =>
    `The signature matches ${what} decoded from ${encoding}. The sender decodes it, and the source uses it as text.`;
  if (HEX.test(encoded)) yield [Buffer.from(encoded, "hex"), cause("hex")];
  if (BASE64.test(encoded)) yield [Buffer.from(encoded, "base64"), cause("base64")];
}

function* emptySecret(): Generator<Variant> {
  yield [
    Buffer.alloc(0),
    "The signature matches an empty secret. The sender has none, for example because a setting is missing.",
  ];
}
