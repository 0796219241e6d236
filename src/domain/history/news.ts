/** What the live stream tells its readers. */
import type { Uuid } from "../ids.ts";
import type { PauseStatus } from "../pauses/pause.ts";

/** Readers choose among these. `delivery` is the outcomes of attempts; the others are {@link News}. */
export const TOPICS = ["delivery", "event", "endpoint", "pause", "inbound", "job", "export", "status"] as const;
export type Topic = (typeof TOPICS)[number];
/** What only {@link News} tell. */
export const NEWS_TOPICS = TOPICS.filter((topic) => topic !== "delivery");

/**
 * Something changed. News are not stored and cannot be resumed: they tell a reader to look again.
 *
 * To add a topic: a name above, a member here, its fields in `api/delivery/stream-wire.ts`, and a call of
 * `Streams.announce` where it happens.
 */
export type News =
  /** An event was accepted. */
  | { readonly topic: "event"; readonly eventId: Uuid; readonly eventType: string }
  | { readonly topic: "endpoint"; readonly endpointId: Uuid; readonly change: EndpointChange }
  | { readonly topic: "pause"; readonly pauseId: Uuid; readonly status: PauseStatus }
  /** A request was received. */
  | { readonly topic: "inbound"; readonly recordId: Uuid; readonly sourceId: Uuid | null; readonly valid: boolean }
  | {
      readonly topic: "job";
      readonly jobId: Uuid;
      readonly state: string;
      readonly done: number;
      readonly total: number | null;
    }
  /** The progress of an export, by the token that its caller chose. */
  | {
      readonly topic: "export";
      readonly token: string;
      readonly state: "running" | "done" | "failed";
      readonly rows: number;
      readonly total: number | null;
    }
  /** The server became able or unable to store events. Every tenant is told. */
  | { readonly topic: "status"; readonly ready: boolean; readonly reason: string | null };

export type ExportNews = Extract<News, { readonly topic: "export" }>;
export type EndpointChange = "created" | "changed" | "disabled" | "deleted";
