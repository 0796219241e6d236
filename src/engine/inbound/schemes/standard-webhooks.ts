/**
 * Standard Webhooks 1.0. Its headers are `webhook-…`; the `svix-…` of the senders that it was made from is the same
 * scheme in an older spelling, believed when there is no `webhook-signature`.
 */
import { standardKey } from "../../../domain/formats/keys.ts";
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import { INBOUND_TOLERANCE_SECONDS } from "../../../domain/limits.ts";
import { type ReadClaim, rejected } from "./claim.ts";
import { readSignatureList } from "./encoding.ts";
import { header, missingHeader, readStampHeader } from "./headers.ts";

const OLDER = "svix";

/** What its three headers begin with in this request. */
export function standardPrefix(request: InboundRequest): "webhook" | "svix" {
  const isOlder = header(request, "webhook-signature") === null && header(request, `${OLDER}-signature`) !== null;
  return isOlder ? OLDER : "webhook";
}

export const standardWebhooks: ReadClaim = (request) => {
  const prefix = standardPrefix(request);
  const place = `${prefix}-signature`;
  const text = header(request, place);
  if (text === null) return missingHeader(request, place);
  const id = header(request, `${prefix}-id`);
  if (id === null) return rejected("header_missing", `There is no ${prefix}-id header; it is part of what is signed.`);
  const read = readSignatureList(text, { place, prefix: "v1,", algorithm: "sha256", encoding: "base64" });
  if (read.kind === "rejected") return read;
  const time = readStampHeader(request, `${prefix}-timestamp`, INBOUND_TOLERANCE_SECONDS);
  if (time.kind === "rejected") return time;
  const proof = {
    place,
    algorithm: "sha256",
    given: read.given,
    keyOf: keyBytes,
    contentsOf: (body: Uint8Array) => [[`${id}.${time.text}.`, body]],
  } as const;
  return { kind: "signed", stamp: time.stamp, proofs: [proof] };
};

function keyBytes(secret: string): Buffer {
  const { text, encoding } = standardKey(secret);
  return Buffer.from(text, encoding);
}
