/** Reads pause rows, for every verb that needs one. */
import type { TraceContext } from "../../domain/delivery/trace-context.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import type { AskedAct } from "../../domain/pauses/pause.ts";
import {
  type Detail,
  type Ending,
  type KnownPlan,
  type Pause,
  type Person,
  type SignInRule,
  timeOutOf,
  type Vote,
} from "../../domain/pauses/pause.ts";
import { isQuorumReachable, takesVotes, votersOf } from "../../domain/pauses/plan.ts";
import type { ReadConnection } from "../read-connection.ts";
import { uuidText } from "../rows.ts";
import { CHANNEL, NOTIFICATION, PAUSE_STATUS } from "../stored-enums.ts";
import { ableOf } from "./voters.ts";

/** The columns for `readPause`, of tables that the query names `pauses p` and `tenants t`. */
export const PAUSE_COLUMNS = `
  p.seq, p.id, p.tenant_seq, t.id AS tenant_id, t.name AS tenant_name, t.links_withheld, p.status, p.message, p.options,
  p.allow_text_response, p.timeout_default, p.metadata, p.channel, p.recipient_sealed, p.expires_at, p.created_at,
  p.choice, p.text, p.ended_at, p.notification, p.notification_reason, p.sign_in, p.decided_by,
  p.event_id, p.trace, p.agent_id, p.agent_name, p.act, p.details, p.receipt, p.plan, p.votes, p.reminded,
  p.escalated_at`;

export const PAUSES = "pauses p CROSS JOIN tenants t ON t.seq = p.tenant_seq";

export interface PauseColumns {
  readonly seq: Seq;
  readonly id: Uint8Array;
  readonly tenant_seq: Seq;
  readonly tenant_id: Uint8Array;
  readonly tenant_name: string;
  readonly links_withheld: number;
  readonly status: number;
  readonly message: string;
  /** JSON array. */
  readonly options: string;
  readonly allow_text_response: number;
  readonly timeout_default: string | null;
  readonly metadata: string | null;
  readonly channel: number | null;
  readonly recipient_sealed: Uint8Array | null;
  readonly expires_at: EpochMs;
  readonly created_at: EpochMs;
  readonly choice: string | null;
  readonly text: string | null;
  readonly ended_at: EpochMs | null;
  readonly notification: number;
  readonly notification_reason: string | null;
  /** JSON of a `SignInRule`. */
  readonly sign_in: string | null;
  /** JSON of a `Person`. */
  readonly decided_by: string | null;
  readonly event_id: Uint8Array | null;
  readonly trace: TraceContext | null;
  readonly agent_id: Uint8Array | null;
  readonly agent_name: string | null;
  /** JSON of an `AskedAct`. */
  readonly act: string | null;
  /** JSON array of `Detail`; null: there are none. */
  readonly details: string | null;
  readonly receipt: string | null;
  /** JSON of a `KnownPlan`. */
  readonly plan: string | null;
  /** JSON array of `Vote`. */
  readonly votes: string | null;
  readonly reminded: number;
  readonly escalated_at: EpochMs | null;
}

export function readPause(connection: ReadConnection, row: PauseColumns): Pause {
  const { vault } = connection;
  const pause: Pause = {
    id: uuidText(row.id),
    seq: row.seq,
    tenantId: uuidText(row.tenant_id),
    tenantSeq: row.tenant_seq,
    tenantName: row.tenant_name,
    linkWithheld: row.links_withheld === 1,
    agent: row.agent_id === null ? null : { id: uuidText(row.agent_id), name: row.agent_name ?? "" },
    act: row.act === null ? null : (JSON.parse(row.act) as AskedAct),
    message: row.message,
    options: JSON.parse(row.options) as string[],
    details: row.details === null ? [] : (JSON.parse(row.details) as Detail[]),
    allowTextResponse: row.allow_text_response === 1,
    timeoutDefault: row.timeout_default,
    metadata: row.metadata,
    recipient:
      row.channel === null || row.recipient_sealed === null
        ? null
        : { channel: CHANNEL.name(row.channel), address: vault.open(row.recipient_sealed) },
    signIn: row.sign_in === null ? null : (JSON.parse(row.sign_in) as SignInRule),
    tellsApprovers: row.channel !== null && row.recipient_sealed === null,
    plan: planOf(row),
    votes: votesOf(row),
    isQuorumReachable: null,
    reminded: row.reminded,
    escalatedAt: row.escalated_at,
    notification: { status: NOTIFICATION.name(row.notification), reason: row.notification_reason },
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    ending: endingOf(row),
    receipt: row.receipt,
    eventId: row.event_id === null ? null : uuidText(row.event_id),
  };
  return pause.ending === null && takesVotes(pause) ? withReach(connection, pause) : pause;
}

/** The approvers may have left since. */
function withReach(connection: ReadConnection, pause: Pause): Pause {
  const { plan, votes, tenantSeq } = pause;
  const voters = votersOf(pause);
  const able = ableOf(connection, tenantSeq, voters);
  return { ...pause, isQuorumReachable: plan !== null && isQuorumReachable(plan, { voters, votes, able }) };
}

export function planOf({ plan }: Pick<PauseColumns, "plan">): KnownPlan | null {
  return plan === null ? null : (JSON.parse(plan) as KnownPlan);
}

export function votesOf({ votes }: Pick<PauseColumns, "votes">): readonly Vote[] {
  return votes === null ? [] : (JSON.parse(votes) as Vote[]);
}

/** Null while the pause is pending. */
export function endingOf(row: PauseColumns): Ending | null {
  const status = PAUSE_STATUS.name(row.status);
  const at = row.ended_at ?? row.expires_at;
  switch (status) {
    case "pending":
      return null;
    case "responded":
      return { status, choice: row.choice ?? "", text: row.text, at, ...byOf(row) };
    case "timed_out":
      return timeOutOf({ timeoutDefault: row.timeout_default, expiresAt: row.expires_at });
    case "cancelled":
      return { status, at };
  }
}

function byOf({ decided_by: by }: PauseColumns): { readonly by?: Person } {
  return by === null ? {} : { by: JSON.parse(by) as Person };
}
