/** Verify what Signalbox sends, and talk to a Signalbox server. */
export { Signalbox, type SignalboxOptions } from "./client.ts";
export { SignalboxError, type WebhookVerificationCode, WebhookVerificationError } from "./errors.ts";
export type { WebhookHeaders } from "./headers.ts";
export { signJcs } from "./jcs.ts";
export {
  type CreatedPause,
  type EndedPause,
  isPauseEvent,
  type Pause,
  type PauseCancelledEvent,
  type PauseChannel,
  type PauseEvent,
  type PauseFilter,
  type PauseInput,
  type PauseNotification,
  type PausePage,
  type PauseRespondedEvent,
  type PauseStatus,
  type PauseTimedOutEvent,
} from "./pause.ts";
export type { GetPauseOptions, PauseOptions, WaitForPauseOptions } from "./pauses.ts";
export { type SignOptions, sign } from "./sign.ts";
export type { SignatureScheme } from "./signature.ts";
export type { StreamEvent, StreamOptions } from "./stream.ts";
export type * from "./tenant.ts";
export type * from "./types.ts";
export { type VerifiedWebhook, type VerifyOptions, verify } from "./verify.ts";
