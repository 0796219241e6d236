/** What `/v1/pause` shows of several people's votes, and of what happens before the deadline. */
import Type, { type Static } from "typebox";
import { ID_PREFIX } from "../../domain/ids.ts";
import type { Pause } from "../../domain/pauses/pause.ts";
import { takesVotes } from "../../domain/pauses/plan.ts";
import { wholeSecondsOrNull } from "../../domain/text/time.ts";
import { VoteResponse, voteJson } from "../access/vote-ref.ts";
import { IdText, Nullable } from "../schema/schemas.ts";

export const PlanResponseFields = {
  quorum: Nullable(
    Type.Integer({ description: "How many people must choose the same option. Null: the first decision counts." }),
  ),
  veto: Nullable(Type.String({ description: "The option that ends the pause with one vote." })),
  votes: Nullable(Type.Array(VoteResponse, { description: "In their order. Null without a quorum." })),
  quorum_reachable: Nullable(
    Type.Boolean({
      description:
        "Whether some option can still get enough votes. Null once the pause has ended, and without a quorum.",
    }),
  ),
  reminders: Nullable(
    Type.Array(Type.Number(), { description: "The shares of the time after which the message is sent again." }),
  ),
  escalate_to: Nullable(
    Type.Object(
      {
        share: Type.Number({ description: "The share of the time after which these users may decide too." }),
        approvers: Type.Array(IdText(ID_PREFIX.user)),
        approver_emails: Type.Array(Type.String()),
      },
      { title: "PauseEscalation" },
    ),
  ),
  escalated_at: Nullable(
    Type.String({
      format: "date-time",
      description: "When the users of `escalate_to` got the right to decide. Null: they have not.",
    }),
  ),
};
const PlanResponse = Type.Object(PlanResponseFields);

export function planJson(pause: Pause): Static<typeof PlanResponse> {
  const { plan, votes, isQuorumReachable, escalatedAt } = pause;
  const isVoting = takesVotes(pause);
  const escalation = plan?.escalation ?? null;
  return {
    quorum: isVoting ? (plan?.quorum ?? null) : null,
    veto: plan?.veto ?? null,
    votes: isVoting ? votes.map(voteJson) : null,
    quorum_reachable: isQuorumReachable,
    reminders: plan === null || plan.reminders.length === 0 ? null : [...plan.reminders],
    escalate_to:
      escalation === null
        ? null
        : {
            share: escalation.share,
            approvers: escalation.approvers.map(({ id }) => ID_PREFIX.user + id),
            approver_emails: escalation.approvers.map(({ email }) => email),
          },
    escalated_at: wholeSecondsOrNull(escalatedAt),
  };
}
