/** What names an attempt to the reader of a listener: its lease, sealed so that nobody can guess another one. */
import { nodeOfToken } from "../../domain/delivery/lease-token.ts";
import type { LeaseToken } from "../../domain/ids.ts";
import type { Cursors } from "../history/cursors.ts";

export interface AttemptToken {
  /** The node that has the reader. */
  readonly node: number;
  readonly lease: LeaseToken;
  /** A test has a number like a lease, and no lease in the store. */
  readonly isTest: boolean;
}

const OPENED = /^([at])([0-9a-z]{1,11})$/;

export class AttemptTokens {
  readonly #cursors: Cursors;

  constructor(cursors: Cursors) {
    this.#cursors = cursors;
  }

  seal(lease: LeaseToken, isTest: boolean): string {
    return this.#cursors.seal((isTest ? "t" : "a") + lease.toString(36));
  }

  /** Null for text that this installation did not seal. */
  open(sealed: string): AttemptToken | null {
    const [, kind, digits] = OPENED.exec(this.#cursors.open(sealed) ?? "") ?? [];
    if (digits === undefined) return null;
    const lease = Number.parseInt(digits, 36);
    return { node: nodeOfToken(lease), lease, isTest: kind === "t" };
  }
}
