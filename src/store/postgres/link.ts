/**
 * The two ends of a link between a thread that runs verbs and the thread that holds the connections to PostgreSQL.
 *
 * A verb is synchronous code, the same for both stores. While it waits for rows, its thread sleeps. Statements whose
 * results nobody waits for travel with the next one that somebody does.
 */
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Row, SqlValue } from "../connection.ts";
import { noteAnswer, type ProgressData } from "../silence/progress.ts";

export interface SentStatement {
  /** The prepared statement's name. Empty: not prepared. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** Statements for one connection, in order. */
export interface Batch {
  readonly statements: readonly SentStatement[];
  /** Whether the first one begins a transaction. Only then may the connection be a new one. */
  readonly begins: boolean;
}

export interface StatementResult {
  readonly rows: readonly Row[];
  /** How many rows the statement returned or changed. */
  readonly count: number;
  /** The command tag without its numbers: COMMIT is answered with ROLLBACK if the transaction had failed. */
  readonly command: string;
}

export interface StatementFault {
  /** SQLSTATE; null when PostgreSQL did not answer. The connection is then gone. */
  readonly code: string | null;
  readonly message: string;
  /** Whether it took the whole time limit, or a new connection failed: another try would wait as long. */
  readonly hasWaited?: boolean;
}

export type Reply =
  | { readonly kind: "ok"; readonly result: StatementResult }
  | { readonly kind: "failed"; readonly fault: StatementFault };

export interface LinkData {
  readonly port: MessagePort;
  /** One 32-bit counter of replies. */
  readonly signal: SharedArrayBuffer;
  readonly progress: ProgressData;
}

/** The verbs' end. */
export class Link {
  readonly #port: MessagePort;
  readonly #signal: Int32Array;

  constructor({ port, signal }: LinkData) {
    this.#port = port;
    this.#signal = new Int32Array(signal);
  }

  /** Send a batch, and sleep until all of it is answered: one reply for each statement. */
  exchange(batch: Batch): readonly Reply[] {
    const before = Atomics.load(this.#signal, 0);
    this.#port.postMessage({ ...batch, statements: inOneBuffer(batch.statements) } satisfies Batch);
    // The other end answers within its own limits. If it dies, the process ends. It counts a reply before it notifies, so
    // the notification of the reply before this one may only come now.
    while (Atomics.load(this.#signal, 0) === before) Atomics.wait(this.#signal, 0, before);
    return receiveMessageOnPort(this.#port)?.message as readonly Reply[];
  }

  close(): void {
    this.#port.close();
  }
}

/** The same statements, with all bytes in one buffer: copying a message takes longer for each buffer than for its bytes. */
function inOneBuffer(statements: readonly SentStatement[]): readonly SentStatement[] {
  const sizes = statements.map(({ values }) => values.reduce<number>((sum, value) => sum + bytesOf(value), 0));
  const buffer = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  let end = 0;
  const moved = (value: SqlValue): SqlValue => {
    if (!(value instanceof Uint8Array)) return value;
    const start = end;
    end += value.byteLength;
    buffer.set(value, start);
    return buffer.subarray(start, end);
  };
  return statements.map((statement, index) =>
    sizes[index] === 0 ? statement : { ...statement, values: statement.values.map(moved) },
  );
}

function bytesOf(value: SqlValue): number {
  return value instanceof Uint8Array ? value.byteLength : 0;
}

interface LinkServer {
  run(batch: Batch): Promise<readonly Reply[]>;
  close(): void;
}

/** The connections' end: run each batch that arrives, and wake the thread that waits for it. */
export function serveLink({ port, signal, progress }: LinkData, { run, close }: LinkServer): void {
  const counter = new Int32Array(signal);
  port.on("message", (batch: Batch) => {
    void run(batch).then((replies) => {
      if (replies.some(isAnswer)) noteAnswer(progress);
      port.postMessage(replies);
      Atomics.add(counter, 0, 1);
      Atomics.notify(counter, 0);
    });
  });
  port.on("close", close);
}

/** Whether PostgreSQL itself replied. */
function isAnswer(reply: Reply): boolean {
  return reply.kind === "ok" || reply.fault.code !== null;
}
