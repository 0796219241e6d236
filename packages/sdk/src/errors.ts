import type { FieldFault } from "./types.ts";

/**
 * Why a webhook was refused. The codes are stable, so you can compare and count them.
 *
 * - `missing_headers`: no known signature header, or one without the headers that belong to it
 * - `malformed_headers`: a timestamp that is not a number, or a repeated header
 * - `timestamp_too_old`, `timestamp_too_new`: outside the tolerance, because of a replay or a wrong clock
 * - `signature_mismatch`: a different secret, or a body that differs from the one that was sent
 * - `invalid_body`: not the raw body, or (with a valid signature) not a JSON object in UTF-8
 * - `invalid_secret`: no secret, or an empty one
 */
export type WebhookVerificationCode =
  | "missing_headers"
  | "malformed_headers"
  | "timestamp_too_old"
  | "timestamp_too_new"
  | "signature_mismatch"
  | "invalid_body"
  | "invalid_secret";

/** A webhook that must not be trusted. Respond with 401 (400 for `invalid_body`). */
export class WebhookVerificationError extends Error {
  readonly code: WebhookVerificationCode;

  constructor(code: WebhookVerificationCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "WebhookVerificationError";
    this.code = code;
  }
}

/** The fields of a {@link SignalboxError}. */
export interface SignalboxErrorFields {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly details?: readonly FieldFault[];
  readonly retryAfterSeconds?: number | null;
  readonly cause?: unknown;
}

/** A call that failed, after any safe retries. */
export class SignalboxError extends Error {
  /** The HTTP status, or 0 when no response arrived. */
  readonly status: number;
  /**
   * The server's error code, such as `VALIDATION_ERROR`, or `HTTP_502` and the like when the response had none. Without
   * a response: `NETWORK_ERROR` or `TIMEOUT`. `PROTOCOL_ERROR` when the response is not from Signalbox.
   */
  readonly code: string;
  /** Every invalid field of a refused request. */
  readonly details: readonly FieldFault[];
  /** The wait in the response's `Retry-After`, in seconds. */
  readonly retryAfterSeconds: number | null;

  constructor(fields: SignalboxErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = "SignalboxError";
    this.status = fields.status;
    this.code = fields.code;
    this.details = fields.details ?? [];
    this.retryAfterSeconds = fields.retryAfterSeconds ?? null;
  }
}
