/** The types of the engine's service for terminals that sign in, as the API sees them. */
import type { Role } from "../../domain/access/access.ts";
import type { DecideTerminalResult, IssueKeyResult, TerminalView } from "../../ports/store.ts";
import type { Caller } from "./caller.ts";
import type { TooManyTries } from "./session-types.ts";

export interface OpenTerminalInput {
  /** What the terminal calls itself: `ada@laptop`. */
  readonly name: string;
  readonly role: Role;
  /** The client's network address. */
  readonly address: string;
}

export type OpenTerminalOutput =
  | { readonly kind: "opened"; readonly deviceCode: string; readonly userCode: string }
  /** Too many terminals wait to be approved. */
  | TooManyTries;

export type PollOutput =
  | { readonly kind: "pending" | "slowDown"; readonly intervalSeconds: number }
  | { readonly kind: "denied" }
  /** Unknown or too old, or its key was revoked. */
  | { readonly kind: "expired" }
  | Exclude<IssueKeyResult, { readonly kind: "unknown" | "denied" | "issued" }>
  | (Extract<IssueKeyResult, { readonly kind: "issued" }> & { readonly apiKey: string });

export type FindTerminalOutput =
  | { readonly kind: "found"; readonly terminal: TerminalView }
  | { readonly kind: "unknown" }
  /** This person typed too many wrong codes. */
  | TooManyTries;

export interface TerminalService {
  open(input: OpenTerminalInput): Promise<OpenTerminalOutput>;
  /** Whether the terminal was approved. If it was, it gets its key: within `TERMINAL_CODE_MS`, the same one each time. */
  poll(deviceCode: string): Promise<PollOutput>;
  /** @param userCode as a person typed it */
  find(caller: Caller, userCode: string): Promise<FindTerminalOutput>;
  /**
   * Approve a terminal for the caller's tenant, or deny it.
   *
   * @param role that the terminal gets, not higher than the caller's; null denies it
   */
  decide(caller: Caller, userCode: string, role: Role | null): Promise<DecideTerminalResult | TooManyTries>;
}
