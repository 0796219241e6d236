/** Signatures in the wrong encoding: hex where base64 is expected, or base64 where hex is expected. */
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import type { SourceSettings } from "../../../domain/inbound/source.ts";
import { SIGNATURE_FIELD } from "../json/jcs.ts";
import { utf8Text } from "../schemes/form.ts";
import { isSignatureLike } from "../schemes/headers.ts";
import type { SignatureEncoding } from "../schemes/signature.ts";

/** The same request with its signatures in another encoding, once for each encoding. */
export function* reencoded(
  settings: SourceSettings,
  request: InboundRequest,
): Generator<{ readonly from: SignatureEncoding; readonly to: SignatureEncoding; readonly request: InboundRequest }> {
  const own = settings.hmac?.header.toLowerCase();
  for (const [from, to] of [
    ["hex", "base64"],
    ["base64", "hex"],
  ] as const) {
    const other = (text: string): string =>
      text.replaceAll(DIGESTS[from], (digest) => Buffer.from(digest, from).toString(to));
    const headers = Object.entries(request.headers).map(([name, value]) =>
      name === own || isSignatureLike(name) ? [name, other(value)] : [name, value],
    );
    const body = settings.scheme === "jcs" ? embedded(request.body, other) : request.body;
    yield { from, to, request: { ...request, headers: Object.fromEntries(headers), body } };
  }
}

/** Digests of 20, 32 and 64 bytes. */
const DIGESTS: Readonly<Record<SignatureEncoding, RegExp>> = {
  hex: /(?<![0-9a-z])(?:[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})(?![0-9a-z])/gi,
  base64: /(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{27}=|[A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{86}==)/g,
};

/** Writing the JSON again does not change the canonical form, which is what the sender signs. */
function embedded(body: Uint8Array, other: (text: string) => string): Uint8Array {
  try {
    const value = JSON.parse(utf8Text(body) ?? "");
    const signature: unknown = value?.[SIGNATURE_FIELD];
    if (typeof signature !== "string" || other(signature) === signature) return body;
    return Buffer.from(JSON.stringify({ ...value, [SIGNATURE_FIELD]: other(signature) }));
  } catch {
    return body;
  }
}
