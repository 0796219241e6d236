/**
 * Standard Webhooks 1.0. Its headers are `webhook-…`. The scheme comes from Svix, whose `svix-…` headers are the same
 * under an older name; the server reads them when there is no `webhook-signature`.
 */
import { standardKey } from "../../../domain/formats/keys.ts";
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import { INBOUND_TOLERANCE_SECONDS } from "../../../domain/limits.ts";
import { header, missingHeader, readTimestampHeader } from "./headers.ts";
import { type ReadSignatures, rejected } from "./signature.ts";
import { readSignatureList } from "./signature-text.ts";

const OLDER = "svix";

/** The prefix of the three headers in this request. */
export function standardPrefix(request: InboundRequest): "webhook" | "svix" {
  const isOlder = header(request, "webhook-signature") === null && header(request, `${OLDER}-signature`) !== null;
  return isOlder ? OLDER : "webhook";
}

export const standardWebhooks: ReadSignatures = (request) => {
  const prefix = standardPrefix(request);
  const location = `${prefix}-signature`;
  const text = header(request, location);
  if (text === null) return missingHeader(request, location);
  const id = header(request, `${prefix}-id`);
  if (id === null) {
    return rejected("header_missing", `The ${prefix}-id header is missing. The signature covers it.`);
  }
  const read = readSignatureList(text, { location, prefix: "v1,", algorithm: "sha256", encoding: "base64" });
  if (read.kind === "rejected") return read;
  const time = readTimestampHeader(request, `${prefix}-timestamp`, INBOUND_TOLERANCE_SECONDS);
  if (time.kind === "rejected") return time;
  const signature = {
    location,
    algorithm: "sha256",
    given: read.given,
    keyOf: keyBytes,
    contentsOf: (body: Uint8Array) => [[`${id}.${time.text}.`, body]],
  } as const;
  return { kind: "signed", timestamp: time.timestamp, signatures: [signature] };
};

function keyBytes(secret: string): Buffer {
  const { text, encoding } = standardKey(secret);
  return Buffer.from(text, encoding);
}
