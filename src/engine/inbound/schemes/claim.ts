/**
 * What a request says of where it comes from, before it is believed. A scheme reads it out of the request without a
 * secret, so that whatever is malformed is refused for next to nothing.
 */
import type { InboundRequest, Rejection, Verification } from "../../../domain/inbound/request.ts";
import type { HMAC_ALGORITHMS, SIGNATURE_ENCODINGS, SourceSettings } from "../../../domain/inbound/source.ts";

export type HmacAlgorithm = (typeof HMAC_ALGORITHMS)[number];
export type SignatureEncoding = (typeof SIGNATURE_ENCODINGS)[number];

/** What is signed, in order; text stands for its UTF-8 bytes. */
export type Content = readonly (string | Uint8Array)[];

/** One signature to be checked. */
export interface Proof {
  /** Where it stands, in words: `X-Hub-Signature-256`, or a field of the body. */
  readonly place: string;
  readonly algorithm: HmacAlgorithm;
  /** Decoded, each as long as the algorithm's digest. One of them has to be right. */
  readonly given: readonly Uint8Array[];
  readonly keyOf: (secret: string) => Buffer;
  /** What such a body would have to be signed as; several where senders do not agree. Empty: it cannot be signed. */
  readonly contentsOf: (body: Uint8Array) => readonly Content[];
}

/** When the sender says that it signed. */
export interface Stamp {
  readonly header: string;
  readonly seconds: number;
  readonly toleranceSeconds: number;
}

export interface Signed {
  readonly kind: "signed";
  readonly stamp: Stamp | null;
  /** Each of them has to be right. */
  readonly proofs: readonly [Proof, ...Proof[]];
}

export type Rejected = Extract<Verification, { readonly kind: "rejected" }>;
export type Claim = Signed | Rejected;

/** Reads the claim of one scheme. */
export type ReadClaim = (request: InboundRequest, settings: SourceSettings) => Claim;

export function rejected(reason: Rejection, explanation: string): Rejected {
  return { kind: "rejected", reason, explanation };
}

export const wholeSecret = (secret: string): Buffer => Buffer.from(secret, "utf8");
export const bodyAlone = (body: Uint8Array): readonly Content[] => [[body]];
