/** What the main thread and the store's two threads say to each other. */
import type { Answer } from "../group.ts";

export interface ThreadData {
  readonly mode: "write" | "read";
  readonly file: string;
  readonly ballastFile: string;
  readonly masterKey: Uint8Array;
  /** SQLite's own cap on the file, for trying out what a full disk does; null for none. */
  readonly pagesMax: number | null;
}

export interface CallMessage {
  readonly id: number;
  readonly verb: string;
  readonly args: readonly unknown[];
}

/** A call of this name closes the connection and ends the thread; it is answered by the end. */
export const CLOSE = "close";

export type ReplyMessage = { readonly id: number } & Answer<unknown>;

/** The first thing that a thread says. */
export type ReadyMessage = { readonly kind: "ready" } | { readonly kind: "refused"; readonly message: string };
