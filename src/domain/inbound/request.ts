/** Inbound requests and the result of verifying them. */

/** The part of a request that is verified, on receipt and again when it is reprocessed. */
export interface InboundRequest {
  /** Keyed by lower-case name. Repeated headers are joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** The URL that the sender used, including the query. Twilio signs it. */
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
      /**
       * One or two sentences that tell the operator what was wrong, by how much, and what to try. Contains no secret.
       */
      readonly explanation: string;
    };

/** The event that a verified request becomes. */
export interface ParsedRequest {
  /** The event's type: 1 to 128 characters of `[A-Za-z0-9_.-]`, never a type that is reserved for Signalbox. */
  readonly eventType: string;
  /** The text of a JSON object: the body itself when it is a JSON object. */
  readonly payload: string;
  /** The sender's own delivery id. Requests with the same id are duplicates. Null when the request has none. */
  readonly deliveryId: string | null;
  /**
   * Set when the sender only checks that the URL responds: the text to return as the response body. Such a request
   * creates no event.
   */
  readonly challenge: string | null;
}
