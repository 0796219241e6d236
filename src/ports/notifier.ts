import type { EpochMs, Uuid } from "../domain/ids.ts";
import type { Channel } from "../domain/pauses/pause.ts";

/** What a person is told of a pause. */
export interface Notification {
  readonly pauseId: Uuid;
  /** An e-mail address, a Slack incoming-webhook URL, or an E.164 number. */
  readonly address: string;
  /** Who asks: the tenant's name; null when it has none of its own. */
  readonly requester: string | null;
  /** Untrusted text, as are the options. */
  readonly message: string;
  readonly options: readonly string[];
  readonly allowTextResponse: boolean;
  /** What is taken when nobody answers; null: nothing. */
  readonly timeoutDefault: string | null;
  readonly expiresAt: EpochMs;
  readonly createdAt: EpochMs;
  /** The page where the person decides. Whoever has it may: it stands in no log. */
  readonly respondUrl: string;
}

/** What came of one try. `reason` is for whoever asked: no secret, no link, no internal address. */
export type Notified =
  | { readonly kind: "sent" }
  /** Worth another try; not before `retryAfterMs` when the receiving side asked for it. */
  | { readonly kind: "again"; readonly reason: string; readonly retryAfterMs: number | null }
  | { readonly kind: "failed"; readonly reason: string }
  /** The server is stopping: the try is not spent. */
  | { readonly kind: "aborted" };

/** One channel. */
export interface Notifier {
  readonly channel: Channel;
  /** Messages under way: as many as the other side bears. */
  readonly atOnceMax: number;
  /** Why an address cannot be told; null when it may be tried. Asked before a pause is made. */
  addressFault(address: string): Promise<string | null>;
  /** Tell one person, once. Resolves with what happened, whatever happens; never rejects. */
  notify(notification: Notification): Promise<Notified>;
  /** Stop what is under way and close connections. */
  close(): Promise<void>;
}
