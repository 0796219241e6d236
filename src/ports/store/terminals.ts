/** The verbs on terminals that sign in with a code, which a person approves. */
import type { Actor, Role } from "../../domain/access/access.ts";
import type { QuotaExceeded } from "../../domain/access/quota.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { KeyRow, Tenant } from "./access.ts";

/** A terminal that wants to sign in. The store gets the hash of its device code and never the code itself. */
export interface NewTerminal {
  /** Hexadecimal SHA-256 of the device code. */
  readonly hash: string;
  /** Without a hyphen. */
  readonly userCode: string;
  /** What it calls itself: `ada@laptop`. */
  readonly name: string;
  /** The role that it asks for. */
  readonly role: Role;
  /** The client's network address, and what it counts towards: see `networkOf`. */
  readonly address: string;
  readonly network: string;
  readonly expiresAt: EpochMs;
}

export type TerminalState = "pending" | "approved" | "denied";

/** A terminal as the person who decides sees it. */
export interface TerminalView {
  readonly name: string;
  /** The role that it asked for, or once it is approved, the one that it gets. */
  readonly role: Role;
  readonly address: string;
  readonly createdAt: EpochMs;
  readonly expiresAt: EpochMs;
  readonly state: TerminalState;
}

export type OpenTerminalResult =
  | { readonly kind: "opened" }
  /** Too many wait: of this network, or of all. `until`: the first of them expires. */
  | { readonly kind: "tooMany"; readonly until: EpochMs };

export type DecideTerminalResult =
  | { readonly kind: "decided" }
  /** No terminal waits with this code, or it has expired. */
  | { readonly kind: "unknown" }
  /** Another request was faster. */
  | { readonly kind: "decidedBefore"; readonly state: TerminalState }
  | QuotaExceeded;

export interface IssuedKey {
  readonly kind: "issued";
  readonly key: KeyRow;
  readonly tenant: Tenant;
  readonly user: { readonly id: Uuid; readonly email: string };
}

export type IssueKeyResult =
  | IssuedKey
  /** It is not approved, it has expired, or it has its key already. */
  | { readonly kind: "unknown" }
  /** The person who approved it may not do so any more. */
  | { readonly kind: "denied" }
  | QuotaExceeded;

export interface TerminalVerbs {
  /** Also forgets those that have expired. */
  openTerminal(request: { terminal: NewTerminal; now: EpochMs }): Promise<OpenTerminalResult>;
  /** The state of an unexpired terminal; null when there is none. */
  findTerminalState(hash: string, now: EpochMs): Promise<TerminalState | null>;
  /** An unexpired terminal; null when there is none. */
  findTerminal(userCode: string, now: EpochMs): Promise<TerminalView | null>;
  /** Approve a terminal that waits, for a tenant and with a role, or deny it. */
  decideTerminal(request: {
    actor: Actor;
    tenantSeq: Seq;
    userCode: string;
    /** Null denies it. */
    role: Role | null;
    now: EpochMs;
  }): Promise<DecideTerminalResult>;
  /** Create the key of an approved terminal and forget the terminal. A request with the id of that key finds it again. */
  issueTerminalKey(request: {
    hash: string;
    key: { readonly id: Uuid; readonly hash: string };
    now: EpochMs;
  }): Promise<IssueKeyResult>;
}
