/** The votes of signed-in users on a pause that takes several. */
import { deciders, type Ending, type Vote } from "../../domain/pauses/pause.ts";
import { isDecisive, isRequester, isSameVote, takesVotes } from "../../domain/pauses/plan.ts";
import type { EndPause, EndPauseResult } from "../../ports/store.ts";
import { audit } from "../access/audit.ts";
import { uuidText } from "../rows.ts";
import type { Writing } from "../writing.ts";
import { type PauseColumns, readPause } from "./pause-rows.ts";
import { loadPause } from "./pause-views.ts";
import { ableOf } from "./voters.ts";

type Decision = Extract<EndPause, { by: "user" }>;

export type Voted =
  /** The pause ends, and this is its row. */
  | { readonly kind: "ends"; readonly row: PauseColumns }
  | Extract<EndPauseResult, { kind: "voted" | "votedBefore" | "noVote" }>;

const STORE = "UPDATE pauses SET votes = ? WHERE seq = ?";

/** Where the decision of a user is a vote, store it. Everything else ends the pause, and so may a vote. */
export function vote(w: Writing, row: PauseColumns, ending: Ending, request: EndPause): Voted {
  if (request.by !== "user" || ending.status !== "responded" || row.plan === null) return { kind: "ends", row };
  return voteOf(w, row, request);
}

function voteOf(w: Writing, row: PauseColumns, { actor, email, choice, text, now, via }: Decision): Voted {
  const pause = readPause(w, row);
  const { plan } = pause;
  if (plan === null || !takesVotes(pause)) return { kind: "ends", row };
  const { id } = actor;
  if (isSameVote(pause, { id, choice, text })) return { kind: "voted", pause, woken: [] };
  if (pause.votes.some((former) => former.id === id)) return { kind: "votedBefore", pause, woken: [] };
  const voter = deciders(pause).find((person) => person.id === id);
  // The user may have been disabled, or may have become a viewer, since the request was let in.
  const isAble = voter !== undefined && !isRequester(pause, id) && ableOf(w, row.tenant_seq, [voter]).has(id);
  if (!isAble) return { kind: "noVote", pause, woken: [] };
  const given: Vote = { id, email, choice, text, at: now };
  const votes = [...pause.votes, given];
  const stored = JSON.stringify(votes);
  w.prepare(STORE).run(stored, row.seq);
  const pauseId = uuidText(row.id);
  const data = { choice, ...(via !== undefined && { via }) };
  audit(w, { tenantSeq: row.tenant_seq, actor, type: "pause.voted", pauseId, data, now });
  if (isDecisive(plan, votes, given)) return { kind: "ends", row: { ...row, votes: stored } };
  return { kind: "voted", pause: loadPause(w, row.seq), woken: [] };
}
