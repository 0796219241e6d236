/** beginAct and endAct: what a person approved is done at most once. */
import type { Seq } from "../../domain/ids.ts";
import { isApproved } from "../../domain/pauses/act.ts";
import type { AskedAct } from "../../domain/pauses/pause.ts";
import type { BeginAct, BeginActResult, EndAct } from "../../ports/store.ts";
import { audit, byActor } from "../access/audit.ts";
import type { Writing } from "../writing.ts";
import { getPause, loadPause } from "./pause-views.ts";

/** Writers take turns, so that nobody begins between the check and the update. */
export function beginAct(w: Writing, { actor, tenantSeq, id, claim, now }: BeginAct): BeginActResult {
  const pause = getPause(w, tenantSeq, id);
  if (pause === null || pause.act === null || pause.agent?.id !== actor.agent?.id) return { kind: "unknown" };
  const { begun, kind } = pause.act;
  // A call that is repeated after an ambiguous result gets the same result.
  if (begun !== null) return { kind: begun.claim === claim ? "begun" : "before", pause };
  if (!isApproved(pause, now)) return { kind: "notApproved", pause };
  store(w, pause.seq, { ...pause.act, begun: { claim, at: now } });
  audit(w, { tenantSeq, actor, type: "pause.act_begun", pauseId: id, data: { act: kind, ...byActor(actor) }, now });
  return { kind: "begun", pause: loadPause(w, pause.seq) };
}

export function endAct(w: Writing, { tenantSeq, id, claim, outcome }: EndAct): void {
  const pause = getPause(w, tenantSeq, id);
  const act = pause?.act;
  if (pause === null || act?.begun?.claim !== claim || act.outcome !== null) return;
  store(w, pause.seq, { ...act, outcome });
}

const ACT = "UPDATE pauses SET act = ? WHERE seq = ?";

function store(w: Writing, seq: Seq, act: AskedAct): void {
  w.prepare(ACT).run(JSON.stringify(act), seq);
}
