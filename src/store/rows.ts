/** Row ↔ domain: what both dialects share. */
import type { AttemptOutcome, DeliveryState } from "../domain/delivery/delivery.ts";
import { FORMATS, type Format } from "../domain/endpoints/endpoint.ts";
import type { Uuid } from "../domain/ids.ts";
import { TRANSITION_DIRECTIONS, type TransitionDirection } from "../domain/inbound/pause-status.ts";
import {
  CHANNELS,
  type Channel,
  type NotificationState,
  PAUSE_STATUSES,
  type PauseStatus,
} from "../domain/pauses/pause.ts";
import type { InboundKind } from "../ports/store.ts";

/** The stored states of a delivery; the first migration names them. */
export const STATE = {
  waitingNew: 0,
  waitingRetry: 1,
  leased: 2,
  delivered: 3,
  failed: 4,
  cancelled: 5,
  expired: 6,
} as const;

const STATE_NAMES: readonly DeliveryState[] = [
  "PENDING",
  "SCHEDULED",
  "IN_PROGRESS",
  "DELIVERED",
  "FAILED",
  "CANCELLED",
  "EXPIRED",
];

/**
 * The state as a caller sees it. HELD and a deleted endpoint's CANCELLED are derived, so that holding and deleting
 * never sweep over deliveries.
 */
export function stateName(
  state: number,
  endpoint: { readonly active: boolean; readonly deleted: boolean },
): DeliveryState {
  if (state < STATE.leased) {
    if (endpoint.deleted) return "CANCELLED";
    if (!endpoint.active) return "HELD";
  }
  return STATE_NAMES[state] ?? "FAILED";
}

/** The stored number of a state that is stored. */
export function stateNumber(state: Exclude<DeliveryState, "HELD">): number {
  return STATE_NAMES.indexOf(state);
}

const OUTCOMES: readonly AttemptOutcome[] = ["SUCCESS", "RETRYABLE_FAILURE", "NON_RETRYABLE_FAILURE"];

export function outcomeNumber(outcome: AttemptOutcome): number {
  return OUTCOMES.indexOf(outcome);
}

export function outcomeName(number: number): AttemptOutcome {
  return OUTCOMES[number] ?? "RETRYABLE_FAILURE";
}

export function formatNumber(format: Format): number {
  return FORMATS.indexOf(format);
}

export function formatName(number: number): Format {
  return FORMATS[number] ?? "plain";
}

/** The stored number of a pause's status; the second migration names them, and those of the two below. */
export function pauseStatusNumber(status: PauseStatus): number {
  return PAUSE_STATUSES.indexOf(status);
}

export function pauseStatusName(number: number): PauseStatus {
  return PAUSE_STATUSES[number] ?? "cancelled";
}

const NOTIFICATIONS: readonly NotificationState["status"][] = ["none", "pending", "sent", "failed"];

export function notificationNumber(status: NotificationState["status"]): number {
  return NOTIFICATIONS.indexOf(status);
}

export function notificationName(number: number): NotificationState["status"] {
  return NOTIFICATIONS[number] ?? "none";
}

export function channelNumber(channel: Channel): number {
  return CHANNELS.indexOf(channel);
}

export function channelName(number: number): Channel {
  return CHANNELS[number] ?? "email";
}

export const INBOUND_KINDS: readonly InboundKind[] = ["pauseStatus", "any"];

/** The stored number of an inbound event's kind; the fifth migration names them, and those of the two below. */
export function inboundKindNumber(kind: InboundKind): number {
  return INBOUND_KINDS.indexOf(kind);
}

export function inboundKindName(number: number): InboundKind {
  return INBOUND_KINDS[number] ?? "any";
}

export function directionNumber(direction: TransitionDirection): number {
  return TRANSITION_DIRECTIONS.indexOf(direction);
}

export function directionName(number: number): TransitionDirection {
  return TRANSITION_DIRECTIONS[number] ?? "NONE";
}

/** A UUID as its 16 bytes. */
export function uuidBytes(id: Uuid): Uint8Array {
  return Buffer.from(id.replaceAll("-", ""), "hex");
}

/** A UUID from its 16 bytes. */
export function uuidText(bytes: Uint8Array): Uuid {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as Uuid;
}

const HOUR_MS = 3_600_000;

/** The start of the hour that a time is in. */
export function hourOf(time: number): number {
  return time - (time % HOUR_MS);
}
