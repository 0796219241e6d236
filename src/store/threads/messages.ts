/** The messages between the main thread and the store's threads. */
import type { Answer } from "../group.ts";
import type { LinkData } from "../postgres/link.ts";
import type { ProgressData } from "../silence/progress.ts";

export interface ThreadData {
  readonly masterKey: Uint8Array;
  readonly database: SqliteDatabase | PostgresDatabase;
  /** Where the writer thread counts what it commits. */
  readonly totals?: SharedArrayBuffer;
  /** Bytes of the history that the ledger thread keeps in memory. Left out: the default. */
  readonly historyCacheBytes?: number;
}

export interface SqliteDatabase {
  readonly kind: "sqlite";
  readonly file: string;
  readonly ballastFile: string;
  /** SQLite's limit on the size of the file, for tests of a full disk; null for none. */
  readonly pagesMax: number | null;
}

export interface PostgresDatabase {
  readonly kind: "postgres";
  readonly link: LinkData;
}

/** Null for a database that is not behind a network. */
export function progressOf({ database }: ThreadData): ProgressData | null {
  return database.kind === "postgres" ? database.link.progress : null;
}

export interface CallMessage {
  readonly id: number;
  readonly verb: string;
  readonly args: readonly unknown[];
}

/** A call of this name closes the connection and ends the thread. It gets no reply: the thread's exit is the reply. */
export const CLOSE = "close";

/** The id of a reply without a call: the group recorded something that other nodes should look at. */
export const NOTED = 0;

export type ReplyMessage = { readonly id: number } & Answer<unknown>;

/** The first message of a thread. */
export type ReadyMessage = { readonly kind: "ready" } | { readonly kind: "refused"; readonly message: string };
