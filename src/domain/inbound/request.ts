/** An inbound request as it came, and what its verification came to. */

/** What is verified, at receipt and again later. */
export interface InboundRequest {
  /** By lower-case name; what came several times is joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** The URL as the sender sees it, with its query: `twilio` signs it. */
  readonly url: string;
  readonly body: Uint8Array;
}

/** Why a request was refused. */
export const REJECTIONS = [
  "header_missing",
  "header_malformed",
  "timestamp_malformed",
  "timestamp_too_old",
  "timestamp_in_future",
  "signature_missing",
  "signature_malformed",
  "signature_mismatch",
  "body_unreadable",
  "credentials_mismatch",
  "source_unknown",
  "source_unusable",
  "fields_invalid",
  "loop_detected",
] as const;
export type Rejection = (typeof REJECTIONS)[number];

export type Verification =
  | { readonly kind: "verified" }
  | {
      readonly kind: "rejected";
      readonly reason: Rejection;
      /** A sentence or two for whoever has to mend it, without a secret: what was wrong, by how much, and what to try. */
      readonly explanation: string;
    };

/** What a verified request becomes. */
export interface Reading {
  /** The type of the event: 1–128 of `[A-Za-z0-9_.-]`, never one that only Signalbox makes. */
  readonly eventType: string;
  /** A JSON object's text: the body's own bytes where it is one. */
  readonly payload: string;
  /** The sender's own id of the delivery: what comes twice with it is one. Null: nothing tells. */
  readonly deliveryId: string | null;
  /** Answered as the body, by schemes in which the sender asks whether anybody is there; such a request is no event. */
  readonly challenge: string | null;
}
