/** Any sender that signs with a shared secret: what, where and how is said by the source's options. */
import type { HmacOptions } from "../../../domain/inbound/source.ts";
import { type Claim, type Content, type ReadClaim, rejected, wholeSecret } from "./claim.ts";
import { readSignatureList } from "./encoding.ts";
import { header, missingHeader, readStampHeader } from "./headers.ts";

const PLACEHOLDER = /(\{body\}|\{timestamp\})/;

export const hmac: ReadClaim = (request, settings) => {
  const options = settings.hmac;
  const fault = options === null ? "It has no options." : optionsFault(options);
  if (options === null || fault !== null) return rejected("source_unusable", `The source cannot be used. ${fault}`);
  const text = header(request, options.header);
  if (text === null) return missingHeader(request, options.header);
  const read = readSignatureList(text, { ...options, place: options.header });
  if (read.kind === "rejected") return read;
  if (options.timestampHeader === null) return signed(options, read.given, null);
  const time = readStampHeader(request, options.timestampHeader, options.toleranceSeconds);
  return time.kind === "rejected" ? time : signed(options, read.given, time);
};

/** What a template must have, lest a signature proves nothing; null when it has it. */
function optionsFault({ template, timestampHeader }: HmacOptions): string | null {
  if (!template.includes("{body}")) return "Its template has no {body}: the signature would say nothing about it.";
  if (template.includes("{timestamp}") !== (timestampHeader !== null)) {
    return timestampHeader === null
      ? "Its template has a {timestamp}, and it has no timestamp header."
      : "It has a timestamp header, and its template has no {timestamp}: anybody could change it.";
  }
  return null;
}

type Time = Extract<ReturnType<typeof readStampHeader>, { readonly kind: "stamp" }>;

function signed(options: HmacOptions, given: readonly Buffer[], time: Time | null): Claim {
  const parts = options.template.split(PLACEHOLDER);
  const contentsOf = (body: Uint8Array): readonly Content[] => [
    parts.map((part) => (part === "{body}" ? body : part === "{timestamp}" ? (time?.text ?? "") : part)),
  ];
  const proof = { place: options.header, algorithm: options.algorithm, given, keyOf: wholeSecret, contentsOf };
  return { kind: "signed", stamp: time?.stamp ?? null, proofs: [proof] };
}
