/** Verify webhooks from Signalbox, and call a Signalbox server. */
export { type SessionOptions, Signalbox, type SignalboxOptions } from "./client.ts";
export type * from "./delivery/bulk-types.ts";
export type * from "./delivery/event-types.ts";
export type * from "./delivery/exchange.ts";
export {
  type DecisionVerificationCode,
  DecisionVerificationError,
  SignalboxError,
  type WebhookVerificationCode,
  WebhookVerificationError,
} from "./errors.ts";
export type { WebhookHeaders } from "./headers.ts";
export type { CallOptions } from "./http.ts";
export type * from "./inbound/inbound.ts";
export type * from "./inbound/pause-status.ts";
export type * from "./keys.ts";
export type * from "./listening/listener-state.ts";
export type * from "./listening/types.ts";
export type { LinkedPage, ListOptions, PageOptions } from "./paging.ts";
export {
  type CreatedPause,
  type EndedPause,
  type EscalationInput,
  isPauseEvent,
  type Pause,
  type PauseAct,
  type PauseAnswer,
  type PauseCancelledEvent,
  type PauseChannel,
  type PauseCount,
  type PauseCounts,
  type PauseDecision,
  type PauseDetail,
  type PauseEscalation,
  type PauseEvent,
  type PauseExtension,
  type PauseFilter,
  type PauseInput,
  type PauseLink,
  type PauseNotification,
  type PausePage,
  type PauseRespondedEvent,
  type PauseStatus,
  type PauseTally,
  type PauseTimedOutEvent,
} from "./pauses/pause.ts";
export type { GetPauseOptions, PauseOptions, WaitForPauseOptions } from "./pauses/pauses.ts";
export type * from "./pauses/receipt.ts";
export { type ReceiptKeySource, type ReceiptKeysOptions, receiptKeysOf } from "./pauses/receipt-keys.ts";
export type * from "./people.ts";
export { signJcs } from "./signing/jcs.ts";
export { type SignOptions, sign } from "./signing/sign.ts";
export type { SignatureScheme } from "./signing/signature.ts";
export { type VerifiedWebhook, type VerifyOptions, verify } from "./signing/verify.ts";
export { type VerifyDecisionOptions, verifyDecision } from "./signing/verify-decision.ts";
export type * from "./statistics.ts";
export type { Readiness, ServerNode, ServerStatus } from "./status.ts";
export type { FollowedEvent, FollowOptions, StreamEvent, StreamOptions, StreamTopic } from "./stream.ts";
export type * from "./tenant.ts";
export type { Device, DeviceInput, DeviceToken, Terminal, TerminalState } from "./terminals.ts";
export type * from "./types.ts";
