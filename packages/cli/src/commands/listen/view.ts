import type { ListenStatus } from "../../../../sdk/src/index.ts";

/** Where people or programs see what happens. */
export interface View {
  show(status: ListenStatus): void;
  /** Resolves when there is room for more: a slow reader of the output slows the deliveries. */
  readonly room: Promise<void>;
  /** Give the terminal back. */
  close(): void;
}
