/** Why a signature does not match: try what commonly goes wrong, and say what would match. */
import { type SignatureScheme, verify, type WebhookVerificationCode } from "../../../../sdk/src/index.ts";

export interface Delivery {
  readonly body: Buffer;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly secret: string;
  readonly scheme: SignatureScheme | undefined;
  readonly toleranceSeconds: number;
  readonly now: Date;
}

const SCHEMES: readonly SignatureScheme[] = ["standard", "pacspace", "plain", "pausepoint"];
const PREFIX = "whsec_";
/** More than the age of any delivery. */
const ANY_AGE_SECONDS = 1e12;

/** A sentence to add to the error; null if there is nothing to say. */
export async function explanation(delivery: Delivery, code: WebhookVerificationCode): Promise<string | null> {
  const aged = { ...delivery, toleranceSeconds: ANY_AGE_SECONDS };
  switch (code) {
    case "timestamp_too_old":
    case "timestamp_too_new":
      return (await isGood(aged))
        ? "Apart from that the signature is good: allow it with --tolerance, or check the clocks."
        : `${await orNoReason(whatWouldMatch(aged))} The signature does not match either.`.trim();
    case "signature_mismatch":
      return orNoReason(whatWouldMatch(aged));
    case "missing_headers":
      return delivery.headers.length === 0 ? "Pass the headers with --headers or --header." : null;
    default:
      return null;
  }
}

async function orNoReason(sentence: Promise<string | null>): Promise<string> {
  return (await sentence) ?? "Compare the secret with that of the endpoint, and the body with what was sent.";
}

async function isGood({ scheme, ...delivery }: Delivery): Promise<boolean> {
  return verify({ ...delivery, ...(scheme !== undefined && { scheme }) }).then(
    () => true,
    // A body that is no JSON object was signed all the same.
    (error: { code?: WebhookVerificationCode }) => error.code === "invalid_body",
  );
}

async function whatWouldMatch(delivery: Delivery): Promise<string | null> {
  for (const { body, sentence } of bodiesLike(delivery.body)) {
    if (await isGood({ ...delivery, body })) return sentence;
  }
  for (const { secret, sentence } of secretsLike(delivery.secret)) {
    if (await isGood({ ...delivery, secret })) return sentence;
  }
  for (const scheme of SCHEMES) {
    if (await isGood({ ...delivery, scheme })) return `The signature of the scheme ${scheme} matches.`;
  }
  return null;
}

function* bodiesLike(body: Buffer) {
  const text = body.toString();
  const trimmed = text.replace(/\r?\n$/, "");
  yield { body: Buffer.from(trimmed), sentence: "It matches without the line break at the end of the body." };
  yield { body: Buffer.from(`${text}\n`), sentence: "It matches with a line break at the end of the body." };
  yield {
    body: Buffer.from(text.replaceAll("\r\n", "\n")),
    sentence: "It matches with \\n in place of \\r\\n: something converted the line breaks.",
  };
  yield* jsonLike(text);
}

function* jsonLike(text: string) {
  for (const [indent, how] of [
    [0, "without spaces"],
    [2, "indented by 2"],
    [4, "indented by 4"],
  ] as const) {
    try {
      const body = Buffer.from(JSON.stringify(JSON.parse(text), null, indent));
      yield { body, sentence: `It matches the same JSON ${how}: something parsed the body and wrote it again.` };
    } catch {
      return; // not JSON
    }
  }
}

function* secretsLike(secret: string) {
  yield { secret: secret.trim(), sentence: "It matches the secret without the spaces around it." };
  yield { secret: PREFIX + secret, sentence: `It matches the secret with ${PREFIX} in front of it.` };
  const bare = secret.replace(PREFIX, "");
  yield { secret: bare, sentence: `It matches the secret without ${PREFIX}: its letters are the key.` };
}
