/**
 * What a request claims about its sender, before the server believes it. A scheme reads this without the secret, so a
 * malformed request is refused at almost no cost.
 */
import type { InboundRequest, Rejection, Verification } from "../../../domain/inbound/request.ts";
import type { HMAC_ALGORITHMS, SIGNATURE_ENCODINGS, SourceSettings } from "../../../domain/inbound/source.ts";

export type HmacAlgorithm = (typeof HMAC_ALGORITHMS)[number];
export type SignatureEncoding = (typeof SIGNATURE_ENCODINGS)[number];

/** What is signed, in order. A string stands for its UTF-8 bytes. */
export type Content = readonly (string | Uint8Array)[];

export interface Signature {
  /** Where the signature is, in words: `X-Hub-Signature-256`, or a field of the body. */
  readonly location: string;
  readonly algorithm: HmacAlgorithm;
  /** Decoded, each as long as the algorithm's digest. One of them has to match. */
  readonly given: readonly Uint8Array[];
  readonly keyOf: (secret: string) => Buffer;
  /** What the signature of such a body covers; several contents where senders differ, none when nobody could sign it. */
  readonly contentsOf: (body: Uint8Array) => readonly Content[];
}

/** When the sender says that it signed the request. */
export interface Timestamp {
  readonly header: string;
  readonly seconds: number;
  readonly toleranceSeconds: number;
}

export interface SignedRequest {
  readonly kind: "signed";
  readonly timestamp: Timestamp | null;
  /** All of them have to match. */
  readonly signatures: readonly [Signature, ...Signature[]];
}

export type Rejected = Extract<Verification, { readonly kind: "rejected" }>;

/** Finds the signatures of a request by one scheme. */
export type ReadSignatures = (request: InboundRequest, settings: SourceSettings) => SignedRequest | Rejected;

export function rejected(reason: Rejection, explanation: string): Rejected {
  return { kind: "rejected", reason, explanation };
}

export const wholeSecret = (secret: string): Buffer => Buffer.from(secret, "utf8");
export const bodyAlone = (body: Uint8Array): readonly Content[] => [[body]];
