/** Pause-status webhooks and the event that a status change publishes; see docs/inbound.md. */

export const TRANSITION_DIRECTIONS = ["PAUSE_ACTIVATED", "PAUSE_DEACTIVATED", "NONE"] as const;
export type TransitionDirection = (typeof TRANSITION_DIRECTIONS)[number];

/**
 * The direction of a status change. Comparison is case-sensitive. Any other pair of statuses is acknowledged and
 * publishes nothing.
 */
export function transitionDirection(oldStatus: string, newStatus: string): TransitionDirection {
  if (oldStatus === "active" && newStatus === "paused") return "PAUSE_ACTIVATED";
  if (oldStatus === "paused" && newStatus === "active") return "PAUSE_DEACTIVATED";
  return "NONE";
}

/** The type of the event that a transition publishes, or null when it publishes none. */
export function transitionEventType(direction: TransitionDirection): string | null {
  switch (direction) {
    case "PAUSE_ACTIVATED":
      return "pause_status.activated";
    case "PAUSE_DEACTIVATED":
      return "pause_status.deactivated";
    case "NONE":
      return null;
  }
}

export interface PauseStatusFacts {
  readonly memberId: string;
  readonly oldStatus: string;
  readonly newStatus: string;
  /** The timestamp's text, unchanged from the request. */
  readonly changedAt: string;
  readonly direction: TransitionDirection;
}
