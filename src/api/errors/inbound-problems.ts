/** Why a received request cannot be processed again, on either surface that shows inbound events. */
import { ID_PREFIX, type Uuid } from "../../domain/ids.ts";
import type { ReprocessOutput } from "../../engine/inbound/inbound-types.ts";
import { type Problem, problem } from "./problem.ts";

export function verificationFailed({ reason, explanation }: Extract<ReprocessOutput, { kind: "failed" }>): Problem {
  const details = [{ field: "rejection_reason", rule: reason }];
  return problem(
    409,
    "VERIFICATION_FAILED",
    `The request still fails verification (${reason}). ${explanation}`,
    details,
  );
}

export function alreadyReceived(id: Uuid): Problem {
  const record = ID_PREFIX.inbound + id;
  const message = `The same content was received before, as ${record}. Process that record again instead.`;
  return problem(409, "ALREADY_RECEIVED", message, [{ field: "id", rule: `is a repeat of ${record}` }]);
}
