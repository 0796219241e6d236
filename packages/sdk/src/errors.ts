import type { FieldFault } from "./types.ts";

/**
 * Why a webhook was refused. Stable: safe to compare and to count.
 *
 * - `missing_headers`: no known signature header, or one without the headers it goes with
 * - `malformed_headers`: a timestamp that is no number, or a header given more than once
 * - `timestamp_too_old`, `timestamp_too_new`: outside the tolerance; a replay, or a clock that is wrong
 * - `signature_mismatch`: another secret, or a body that is not byte for byte what was sent
 * - `invalid_body`: not the raw body, or (after a good signature) not a JSON object in UTF-8
 * - `invalid_secret`: no secret was given, or an empty one
 */
export type WebhookVerificationCode =
  | "missing_headers"
  | "malformed_headers"
  | "timestamp_too_old"
  | "timestamp_too_new"
  | "signature_mismatch"
  | "invalid_body"
  | "invalid_secret";

/** A webhook that must not be believed. Answer it with 401 (400 for `invalid_body`). */
export class WebhookVerificationError extends Error {
  readonly code: WebhookVerificationCode;

  constructor(code: WebhookVerificationCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "WebhookVerificationError";
    this.code = code;
  }
}

/** What a {@link SignalboxError} is made of. */
export interface SignalboxErrorFields {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly details?: readonly FieldFault[];
  readonly retryAfterSeconds?: number | null;
  readonly cause?: unknown;
}

/** A call that failed, after the retries that were safe. */
export class SignalboxError extends Error {
  /** The HTTP status, or 0 when no answer arrived. */
  readonly status: number;
  /**
   * The server's own code, such as `VALIDATION_ERROR`; `HTTP_502` and the like when the answer had none; without an
   * answer `NETWORK_ERROR` or `TIMEOUT`; `PROTOCOL_ERROR` for an answer that is not Signalbox's.
   */
  readonly code: string;
  /** Every bad field of a refused request. */
  readonly details: readonly FieldFault[];
  /** What the answer's `Retry-After` asked for, in seconds. */
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
