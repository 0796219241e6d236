import type { EpochMs, Uuid } from "../domain/ids.ts";
import type { Channel, Detail } from "../domain/pauses/pause.ts";

/** A message that asks a person for the decision of a pause. */
export interface Notification {
  readonly pauseId: Uuid;
  /** An email address, a Slack incoming-webhook URL, or an E.164 number. */
  readonly address: string;
  /** 0: the first message. Otherwise, the number of the reminder. */
  readonly reminder: number;
  /** The name of the tenant that asks; null when the tenant has no name of its own. */
  readonly requester: string | null;
  /** Untrusted text. */
  readonly message: string;
  /** Untrusted texts. */
  readonly options: readonly string[];
  /** Untrusted texts. */
  readonly details: readonly Detail[];
  readonly allowTextResponse: boolean;
  /** The option that a timeout chooses; null when a timeout chooses none. */
  readonly timeoutDefault: string | null;
  /** How many people must choose the same option. */
  readonly quorum: number;
  readonly expiresAt: EpochMs;
  readonly createdAt: EpochMs;
  /** Whether the link only shows the question, and a signed-in user decides. */
  readonly signInRequired: boolean;
  /** The page of the console where a signed-in user decides. */
  readonly consoleUrl: string;
  /** The page where the person decides. Anyone who has this URL can decide, so it is never logged. */
  readonly respondUrl: string;
  /** The values of the buttons with which people answer in Slack, one for each option; null: they cannot. */
  readonly slackValues: readonly string[] | null;
}

/** The result of one try. `reason` is shown to the tenant: it contains no secret, no link and no internal address. */
export type Notified =
  | { readonly kind: "sent" }
  /** Try again, and not before `retryAfterMs` if the receiving side asked for a delay. */
  | { readonly kind: "again"; readonly reason: string; readonly retryAfterMs: number | null }
  | { readonly kind: "failed"; readonly reason: string }
  /** The server is stopping. The try does not count. */
  | { readonly kind: "aborted" };

/** Sends notifications over one channel. */
export interface Notifier {
  readonly channel: Channel;
  /** How many messages may be in flight at once. */
  readonly atOnceMax: number;
  /** Why this address cannot be notified; null when it can be tried. Asked before a pause is created. */
  addressFault(address: string): Promise<string | null>;
  /** Send one message, once. Resolves with the result and never rejects. */
  notify(notification: Notification): Promise<Notified>;
  /** Stop what is in flight and close connections. */
  close(): Promise<void>;
}
