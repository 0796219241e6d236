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

/**
 * Why a decision does not allow what you are about to do. The codes are stable, so you can compare and count them.
 *
 * - `malformed`: not a receipt, or one of a later version
 * - `unknown_key`: none of the keys has signed it
 * - `signature_mismatch`: a byte of it was changed
 * - `retired_key`: its key was no longer in use at the time of the decision
 * - `other_pause`, `other_tenant`: the decision of another pause, or of another tenant
 * - `other_question`, `other_metadata`: people saw another question, or it had other metadata
 * - `other_choice`: people chose something else
 * - `too_few_people`: fewer users made the choice than you ask for
 * - `too_old`, `too_new`: decided too long ago, or in the future
 * - `already_used`: your `once` says that this decision was acted on before
 */
export type DecisionVerificationCode =
  | "malformed"
  | "unknown_key"
  | "signature_mismatch"
  | "retired_key"
  | "other_pause"
  | "other_tenant"
  | "other_question"
  | "other_metadata"
  | "other_choice"
  | "too_few_people"
  | "too_old"
  | "too_new"
  | "already_used";

/** A decision that you must not act on. */
export class DecisionVerificationError extends Error {
  readonly code: DecisionVerificationCode;

  constructor(code: DecisionVerificationCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "DecisionVerificationError";
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
