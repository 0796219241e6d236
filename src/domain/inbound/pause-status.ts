/** What a pause-status webhook says, and what follows from it (contract, section 8). */

export const TRANSITION_DIRECTIONS = ["PAUSE_ACTIVATED", "PAUSE_DEACTIVATED", "NONE"] as const;
export type TransitionDirection = (typeof TRANSITION_DIRECTIONS)[number];

/** Statuses are compared as they are written; any other pair is acknowledged, and nothing follows. */
export function transitionDirection(oldStatus: string, newStatus: string): TransitionDirection {
  if (oldStatus === "active" && newStatus === "paused") return "PAUSE_ACTIVATED";
  if (oldStatus === "paused" && newStatus === "active") return "PAUSE_DEACTIVATED";
  return "NONE";
}

/** The type of the event that a transition publishes; null when it publishes none. */
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
  /** As it was sent. */
  readonly changedAt: string;
  readonly direction: TransitionDirection;
}
