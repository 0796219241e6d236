/** Verify a body that contains its own signature. */
import { signJcs } from "../../../../sdk/src/index.ts";
import { EXIT, Failure } from "../../failure.ts";

/** @throws Failure that says what is wrong with the body */
export async function verifyJcs(body: Buffer, secret: string) {
  const given = signatureOf(body.toString());
  if (typeof given !== "string") {
    throw new Failure(EXIT.failed, "missing_headers", "The body has no field `signature` with a text in it.");
  }
  const expected = signatureOf(await signed(body.toString(), secret));
  if (given !== expected) {
    const hint = /^sha256=[0-9a-f]{64}$/.test(given)
      ? "Compare the secret with that of the source. Any change of a value breaks the signature; the order of the fields and spaces do not."
      : "It must be sha256= and 64 digits of lower-case hexadecimal.";
    throw new Failure(EXIT.failed, "signature_mismatch", `The signature does not match this body and secret. ${hint}`);
  }
  return { verified: true, scheme: "jcs", id: null, type: null, attempted_at: null };
}

function signatureOf(text: string): unknown {
  try {
    return JSON.parse(text).signature;
  } catch {
    throw new Failure(EXIT.failed, "invalid_body", "The body is not a JSON object.");
  }
}

async function signed(text: string, secret: string): Promise<string> {
  return signJcs(text, secret).catch((error: Error) => {
    throw new Failure(EXIT.failed, "invalid_body", `The body has no canonical form: ${error.message}`);
  });
}
