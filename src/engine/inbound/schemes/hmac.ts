/** Any sender that signs with a shared secret. The source's options say what is signed, where and how. */
import type { HmacOptions } from "../../../domain/inbound/source.ts";
import { header, missingHeader, readTimestampHeader, type TimestampRead } from "./headers.ts";
import { type Content, type ReadSignatures, rejected, type SignedRequest, wholeSecret } from "./signature.ts";
import { readSignatureList } from "./signature-text.ts";

const PLACEHOLDER = /(\{body\}|\{timestamp\})/;

export const hmac: ReadSignatures = (request, settings) => {
  const options = settings.hmac;
  const fault = options === null ? "It has no options." : optionsFault(options);
  if (options === null || fault !== null) return rejected("source_unusable", `The source cannot be used. ${fault}`);
  const text = header(request, options.header);
  if (text === null) return missingHeader(request, options.header);
  const read = readSignatureList(text, { ...options, location: options.header });
  if (read.kind === "rejected") return read;
  if (options.timestampHeader === null) return signed(options, read.given, null);
  const time = readTimestampHeader(request, options.timestampHeader, options.toleranceSeconds);
  return time.kind === "rejected" ? time : signed(options, read.given, time);
};

/** Why a signature by these options would prove nothing; null when it proves something. */
function optionsFault({ template, timestampHeader }: HmacOptions): string | null {
  if (!template.includes("{body}")) return "Its template has no {body}, so a signature would not cover the body.";
  if (template.includes("{timestamp}") !== (timestampHeader !== null)) {
    return timestampHeader === null
      ? "Its template has a {timestamp}, but the source has no timestamp header."
      : "It has a timestamp header, but its template has no {timestamp}, so anybody could change the timestamp.";
  }
  return null;
}

type Time = Extract<TimestampRead, { readonly kind: "timestamp" }>;

function signed(options: HmacOptions, given: readonly Buffer[], time: Time | null): SignedRequest {
  const parts = options.template.split(PLACEHOLDER);
  const contentsOf = (body: Uint8Array): readonly Content[] => [
    parts.map((part) => (part === "{body}" ? body : part === "{timestamp}" ? (time?.text ?? "") : part)),
  ];
  const signature = { location: options.header, algorithm: options.algorithm, given, keyOf: wholeSecret, contentsOf };
  return { kind: "signed", timestamp: time?.timestamp ?? null, signatures: [signature] };
}
