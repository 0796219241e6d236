/** Why something received is not processed again, on whichever surface it is asked for. */
import { ID_PREFIX, type Uuid } from "../../domain/ids.ts";
import type { ReprocessAnswer } from "../../engine/inbound/inbound-service.ts";
import { type Problem, problem } from "./problem.ts";

export function verificationFailed({ reason, explanation }: Extract<ReprocessAnswer, { kind: "failed" }>): Problem {
  const details = [{ field: "rejection_reason", rule: reason }];
  return problem(409, "VERIFICATION_FAILED", `It cannot be processed again (${reason}). ${explanation}`, details);
}

export function alreadyReceived(id: Uuid): Problem {
  const record = ID_PREFIX.inbound + id;
  return problem(409, "ALREADY_RECEIVED", `What it says was received before, as ${record}; process that one again.`, [
    { field: "id", rule: `is a repeat of ${record}` },
  ]);
}
