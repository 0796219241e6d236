/** What an agent may not ask: too much, or a person at an address that may be its own. */
import { type Agent, includesRole } from "../../domain/access/access.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import {
  AGENT_OPEN_PAUSES_COUNT_MAX,
  AGENT_OPEN_PAUSES_RETRY_AFTER_SECONDS,
  AGENT_PAUSES_PER_MINUTE_COUNT_MAX,
  AGENT_PAUSES_WINDOW_MS,
} from "../../domain/limits.ts";
import type { Recipient } from "../../domain/pauses/pause.ts";
import type { AgentLimit, CreatePause, CreatePauseResult } from "../../ports/store.ts";
import { audit, byActor } from "../access/audit.ts";
import { findUser } from "../access/user-views.ts";
import { one } from "../read-connection.ts";
import { uuidBytes } from "../rows.ts";
import type { Writing } from "../writing.ts";

export type AgentCheck =
  | { readonly kind: "mayAsk"; readonly recipient: Recipient | null }
  | Extract<CreatePauseResult, { kind: "recipientNotUser" | "agentLimit" }>;

/** Whether the caller may ask, and whom. Anybody but an agent may ask anyone. */
export function checkAgent(w: Writing, request: CreatePause): AgentCheck {
  const { agent } = request.actor;
  if (agent === undefined) return { kind: "mayAsk", recipient: request.recipient };
  const recipient = request.recipient === null ? null : userOf(w, request.recipient, request.tenantSeq);
  if (recipient === "nobody") return { kind: "recipientNotUser" };
  const exceeded = limitOf(w, agent, request.now);
  if (exceeded !== null) auditRefusal(w, request, exceeded);
  return exceeded ?? { kind: "mayAsk", recipient };
}

/** A user who may decide, at the user's own address: another spelling of it could be a mailbox of the agent. */
function userOf(w: Writing, { channel, address }: Recipient, tenantSeq: Seq): Recipient | "nobody" {
  const user = channel === "email" ? findUser(w, address) : null;
  if (user === null || user.tenantSeq !== tenantSeq || user.disabledAt !== null) return "nobody";
  return includesRole(user.role, "developer") ? { channel, address: user.email } : "nobody";
}

const COUNT_OPEN = `
  SELECT count(*) AS count
  FROM pauses INDEXED BY pauses_open_of_agent
  WHERE agent_id = ? AND status = 0`;
// The oldest of those that may be within a minute.
const OLDEST_COUNTED = `
  SELECT created_at
  FROM pauses INDEXED BY pauses_of_agent
  WHERE agent_id = ?
  ORDER BY seq DESC
  LIMIT 1 OFFSET ${AGENT_PAUSES_PER_MINUTE_COUNT_MAX - 1}`;

function limitOf(w: Writing, { id }: Agent, now: EpochMs): AgentLimit | null {
  const open = one<{ count: number }>(w, COUNT_OPEN, uuidBytes(id))?.count ?? 0;
  if (open >= AGENT_OPEN_PAUSES_COUNT_MAX) {
    return { kind: "agentLimit", limit: "open", retryAfterSeconds: AGENT_OPEN_PAUSES_RETRY_AFTER_SECONDS };
  }
  const oldest = one<{ created_at: EpochMs }>(w, OLDEST_COUNTED, uuidBytes(id));
  const waitMs = oldest === undefined ? 0 : oldest.created_at + AGENT_PAUSES_WINDOW_MS - now;
  // A clock that was set back must not lock the agent out for longer than the window.
  const retryAfterSeconds = Math.ceil(Math.min(waitMs, AGENT_PAUSES_WINDOW_MS) / 1000);
  return waitMs <= 0 ? null : { kind: "agentLimit", limit: "rate", retryAfterSeconds };
}

// Served by audit_of_actor. IS TRUE keeps PostgreSQL from the index of the type.
const REFUSED_LATELY = `
  SELECT 1
  FROM audit INDEXED BY audit_of_actor
  WHERE actor_id = ? AND tenant_seq = ? AND created_at > ? AND (event_type = 'pause.ask_refused') IS TRUE
  LIMIT 1`;

/** Once a minute, so that an agent in a loop does not fill the audit. */
function auditRefusal(w: Writing, { actor, tenantSeq, now }: CreatePause, { limit }: AgentLimit): void {
  const since = now - AGENT_PAUSES_WINDOW_MS;
  if (one(w, REFUSED_LATELY, uuidBytes(actor.id), tenantSeq, since) !== undefined) return;
  const data = { limit, ...byActor(actor) };
  audit(w, { tenantSeq, actor, type: "pause.ask_refused", data, now });
}
