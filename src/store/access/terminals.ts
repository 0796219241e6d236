/** The verbs that change terminals that sign in. There are at most `TERMINALS_OPEN_COUNT_MAX`, so that some statements scan them all. */
import type { Actor, Role } from "../../domain/access/access.ts";
import { quotaExceeded } from "../../domain/access/quota.ts";
import { mayGrant, terminalKeyName } from "../../domain/access/terminal.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import {
  TERMINAL_KEY_IDLE_MS,
  TERMINALS_OPEN_COUNT_MAX,
  TERMINALS_PER_NETWORK_COUNT_MAX,
} from "../../domain/limits.ts";
import type {
  DecideTerminalResult,
  IssuedKey,
  IssueKeyResult,
  NewTerminal,
  OpenTerminalResult,
  TerminalState,
} from "../../ports/store.ts";
import { one } from "../read-connection.ts";
import { uuidBytes, uuidText } from "../rows.ts";
import type { Writing } from "../writing.ts";
import { auditKey, insertKey } from "./access.ts";
import { audit } from "./audit.ts";
import { countKeys, findKeyTenant, keyOfId } from "./lookups.ts";
import { findStoredTerminal, findTerminalState, type StoredTerminal } from "./terminal-views.ts";

const DELETE_EXPIRED = "DELETE FROM terminals WHERE expires_at <= ?";
const COUNT = "SELECT count(*) AS count, min(expires_at) AS until FROM terminals";
const COUNT_HERE = `${COUNT} WHERE network = ?`;
const INSERT = `
  INSERT INTO terminals (hash, user_code, name, role, address, network, created_at, expires_at, state)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending')`;

export interface OpenTerminal {
  readonly terminal: NewTerminal;
  readonly now: EpochMs;
}

export function openTerminal(w: Writing, { terminal, now }: OpenTerminal): OpenTerminalResult {
  const { hash, userCode, name, role, address, network, expiresAt } = terminal;
  if (findTerminalState(w, hash, now) !== null) return { kind: "opened" }; // the call is repeated
  w.prepare(DELETE_EXPIRED).run(now);
  const until =
    fullUntil(w, TERMINALS_OPEN_COUNT_MAX, COUNT) ?? fullUntil(w, TERMINALS_PER_NETWORK_COUNT_MAX, COUNT_HERE, network);
  if (until !== null) return { kind: "tooMany", until };
  w.prepare(INSERT).run(Buffer.from(hash, "hex"), userCode, name, role, address, network, now, expiresAt);
  return { kind: "opened" };
}

function fullUntil(w: Writing, countMax: number, sql: string, ...values: readonly string[]): EpochMs | null {
  const { count, until } = one<{ count: number; until: EpochMs | null }>(w, sql, ...values) ?? {
    count: 0,
    until: null,
  };
  return count >= countMax ? until : null;
}

const DECIDE = "UPDATE terminals SET state = ?, role = ?, tenant_seq = ?, decided_by = ?, decided_at = ? WHERE seq = ?";

export interface DecideTerminal {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly userCode: string;
  readonly role: Role | null;
  readonly now: EpochMs;
}

export function decideTerminal(w: Writing, request: DecideTerminal): DecideTerminalResult {
  const { actor, tenantSeq, userCode, role, now } = request;
  const terminal = findStoredTerminal(w, userCode, now);
  if (terminal === null) return { kind: "unknown" };
  const state = role === null ? "denied" : "approved";
  if (terminal.state !== "pending") return decidedBefore(terminal, { actor, state, now });
  const limit = w.usage.quotas(tenantSeq).keys;
  if (role !== null && countKeys(w, tenantSeq) >= limit) return quotaExceeded("keys", limit);
  const granted = role ?? terminal.role;
  w.prepare(DECIDE).run(state, granted, tenantSeq, uuidBytes(actor.id), now, terminal.seq);
  const data = { name: terminal.name, role: granted, address: terminal.address };
  audit(w, { tenantSeq, actor, type: `terminal.${state}`, data, now });
  return { kind: "decided" };
}

interface Decision {
  readonly actor: Actor;
  readonly state: TerminalState;
  readonly now: EpochMs;
}

/** The call that decided may be repeated after an ambiguous result. */
function decidedBefore(terminal: StoredTerminal, { actor, state, now }: Decision): DecideTerminalResult {
  const isSame = terminal.decided_by !== null && uuidText(terminal.decided_by) === actor.id;
  return isSame && terminal.decided_at === now && terminal.state === state
    ? { kind: "decided" }
    : { kind: "decidedBefore", state: terminal.state };
}

const APPROVED = `
  SELECT t.seq, t.name, t.role, t.tenant_seq, u.id AS user_id, u.role AS user_role, u.tenant_seq AS user_tenant_seq
  FROM terminals t CROSS JOIN users u ON u.id = t.decided_by
  WHERE t.hash = ? AND t.expires_at > ? AND t.state = 'approved' AND u.disabled_at IS NULL`;

interface ApprovedTerminal {
  readonly seq: Seq;
  readonly name: string;
  readonly role: Role;
  readonly tenant_seq: Seq;
  readonly user_id: Uint8Array;
  readonly user_role: Role;
  readonly user_tenant_seq: Seq;
}

// Served by keys_live. Keys that ended by themselves would count towards the quota for as long as nobody revokes them.
const REVOKE_IDLE = `
  UPDATE keys
  SET revoked_at = ?1
  WHERE tenant_seq = ?2 AND revoked_at IS NULL AND ifnull(used_at, created_at) + idle_ms <= ?1`;

export interface IssueKey {
  readonly hash: string;
  readonly key: { readonly id: Uuid; readonly hash: string };
  readonly now: EpochMs;
}

export function issueTerminalKey(w: Writing, { hash, key: made, now }: IssueKey): IssueKeyResult {
  const before = issuedKey(w, made.id);
  if (before !== null) return before; // the call is repeated
  if (findTerminalState(w, hash, now) !== "approved") return { kind: "unknown" };
  const terminal = one<ApprovedTerminal>(w, APPROVED, Buffer.from(hash, "hex"), now);
  if (terminal === undefined || !isStillGranted(terminal)) return { kind: "denied" };
  const { tenant_seq: tenantSeq, role } = terminal;
  w.prepare(REVOKE_IDLE).run(now, tenantSeq);
  const limit = w.usage.quotas(tenantSeq).keys;
  if (countKeys(w, tenantSeq) >= limit) return quotaExceeded("keys", limit);
  const by = { kind: "user", id: uuidText(terminal.user_id) } as const;
  const name = terminalKeyName(terminal.name);
  const key = { ...made, name, role, test: false, expiresAt: null, idleMs: TERMINAL_KEY_IDLE_MS };
  insertKey(w, { tenantSeq, key, by, now });
  auditKey(w, { actor: by, tenantSeq, type: "key.created", key, now });
  w.prepare("DELETE FROM terminals WHERE seq = ?").run(terminal.seq);
  return issuedKey(w, made.id) ?? { kind: "unknown" };
}

/** Whether the person could approve the terminal now. */
function isStillGranted({ role, tenant_seq, user_role, user_tenant_seq }: ApprovedTerminal): boolean {
  return mayGrant(user_role, role) && (user_tenant_seq === tenant_seq || user_role === "global_admin");
}

const EMAIL = "SELECT email FROM users WHERE id = ?";

function issuedKey(w: Writing, id: Uuid): IssuedKey | null {
  const [key, tenant] = [keyOfId(w, id), findKeyTenant(w, id)];
  const userId = key?.createdBy?.id;
  if (key === null || tenant === null || userId === undefined) return null;
  const email = one<{ email: string }>(w, EMAIL, uuidBytes(userId))?.email ?? "";
  return { kind: "issued", key, tenant, user: { id: userId, email } };
}
