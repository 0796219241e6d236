/** findTerminal, findTerminalState. */
import type { Role } from "../../domain/access/access.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import type { TerminalState, TerminalView } from "../../ports/store.ts";
import type { Connection } from "../connection.ts";
import { one } from "../read-connection.ts";

const STATE = "SELECT state FROM terminals WHERE hash = ? AND expires_at > ?";

export function findTerminalState(connection: Connection, hash: string, now: EpochMs): TerminalState | null {
  return one<{ state: TerminalState }>(connection, STATE, Buffer.from(hash, "hex"), now)?.state ?? null;
}

const TERMINAL = `
  SELECT seq, name, role, address, created_at, expires_at, state, decided_by, decided_at
  FROM terminals
  WHERE user_code = ? AND expires_at > ?`;

export interface StoredTerminal {
  readonly seq: Seq;
  readonly name: string;
  readonly role: Role;
  readonly address: string;
  readonly created_at: EpochMs;
  readonly expires_at: EpochMs;
  readonly state: TerminalState;
  readonly decided_by: Uint8Array | null;
  readonly decided_at: EpochMs | null;
}

export function findStoredTerminal(connection: Connection, userCode: string, now: EpochMs): StoredTerminal | null {
  return one<StoredTerminal>(connection, TERMINAL, userCode, now) ?? null;
}

export function findTerminal(connection: Connection, userCode: string, now: EpochMs): TerminalView | null {
  const row = findStoredTerminal(connection, userCode, now);
  if (row === null) return null;
  const { name, role, address, created_at: createdAt, expires_at: expiresAt, state } = row;
  return { name, role, address, createdAt, expiresAt, state };
}
