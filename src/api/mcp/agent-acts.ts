/** Acts that a person approves, for the tools. */
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import type { Caller } from "../../engine/access/caller.ts";
import type { AskActInput, AskActOutput } from "../../engine/pauses/act-types.ts";
import type { PauseView } from "../../engine/pauses/pause-types.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, UNAUTHORIZED } from "../errors/problem.ts";
import { ENDPOINT_NOT_FOUND } from "../errors/v1-errors.ts";
import { createProblem } from "../pauses/pause-routes.ts";
import { failure, ToolFailure } from "./tool.ts";

export interface AgentActs {
  /** @throws ToolFailure when the act cannot be asked for */
  ask(apiKey: string, input: AskActInput): Promise<PauseView>;
  /**
   * Does what a person approved, unless another call has begun it.
   *
   * @throws ToolFailure when the approval does not count
   */
  carryOut(apiKey: string, pauseId: string): Promise<void>;
}

export function createAgentActs({ engine }: ApiDeps): AgentActs {
  /** Each time, because a key may be revoked during a wait. */
  const callerOf = async (apiKey: string): Promise<Caller> => {
    const actor = await engine.access.authenticate(apiKey);
    if (actor === null) throw failure(UNAUTHORIZED);
    return { actor, tenantId: actor.tenantId, tenantSeq: actor.tenantSeq };
  };
  return {
    async ask(apiKey, input) {
      const output = await engine.acts.ask(await callerOf(apiKey), input);
      if (output.kind !== "created") throw failureOf(output);
      return output.view;
    },
    async carryOut(apiKey, pauseId) {
      const caller = await callerOf(apiKey);
      const id = parseId(ID_PREFIX.pause, pauseId);
      const { kind } = id === null ? { kind: "unknown" } : await engine.acts.carryOut(caller, id);
      if (kind === "unknown") throw new ToolFailure(NOT_ALLOWED);
      if (kind === "notApproved") throw new ToolFailure(APPROVAL_EXPIRED);
    },
  };
}

const NOT_ALLOWED =
  "FORBIDDEN: It was approved, but this key may not do it any more: it needs the scopes ask and operate.";
const APPROVAL_EXPIRED =
  "APPROVAL_EXPIRED: It was approved more than an hour ago, so the approval does not count any more. Nothing was done. Ask again.";

function failureOf(output: Exclude<AskActOutput, { kind: "created" }>): ToolFailure {
  switch (output.kind) {
    case "unknownEndpoint":
      return failure(ENDPOINT_NOT_FOUND);
    case "needless":
      return new ToolFailure(`NOTHING_TO_DO: ${output.why} Nobody was asked.`);
    case "unknownDeliveries":
      return failure(
        invalid(
          output.ids.map((id) => ({
            field: "delivery_ids",
            rule: `must name deliveries of this tenant, but has ${ID_PREFIX.delivery}${id}`,
          })),
        ),
      );
    case "unknownApprovers":
      throw new Error("an act names no approvers");
    default:
      return failure(createProblem(output));
  }
}
