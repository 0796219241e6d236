/** Who listens to a listener. */
export interface ListenerState {
  readonly connected: boolean;
  /** Who listens, or did last, such as `ada@laptop`. */
  readonly reader: string | null;
  readonly connected_at: string | null;
  /** When somebody listened last; null before the first time. */
  readonly seen_at: string | null;
}
