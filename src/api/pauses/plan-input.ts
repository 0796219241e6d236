/** The fields of `POST /v1/pause` about several people, and about what happens before the deadline. */
import Type, { type Static } from "typebox";
import type { Fault } from "../../domain/errors.ts";
import { ID_PREFIX, parseId, type Uuid } from "../../domain/ids.ts";
import { PAUSE_APPROVERS_COUNT_MAX, PAUSE_REMINDERS_COUNT_MAX } from "../../domain/limits.ts";
import type { CreatePauseInput } from "../../engine/pauses/pause-types.ts";
import { Nullable } from "../schema/schemas.ts";

const Share = (description?: string) =>
  Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, ...(description !== undefined && { description }) });

export const PLAN_FIELDS = {
  quorum: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: PAUSE_APPROVERS_COUNT_MAX,
      default: 1,
      description:
        "How many approvers must choose the same option. Each has one vote, and the user who asks has none. " +
        "At most the number of approvers.",
    }),
  ),
  veto: Type.Optional(
    Nullable(Type.String({ description: "The option that ends the pause with one vote. Only with a quorum above 1." })),
  ),
  reminders: Type.Optional(
    Nullable(
      Type.Array(Share(), {
        minItems: 1,
        maxItems: PAUSE_REMINDERS_COUNT_MAX,
        description: "The shares of the time after which the message is sent again, in increasing order.",
      }),
    ),
  ),
  escalate_to: Type.Optional(
    Nullable(
      Type.Object(
        {
          share: Share("The share of the time after which these users may decide too."),
          approvers: Type.Array(Type.String({ format: "user-id" }), {
            minItems: 1,
            maxItems: PAUSE_APPROVERS_COUNT_MAX,
          }),
        },
        { title: "Escalation", additionalProperties: false, description: "Only with `approvers`." },
      ),
    ),
  ),
};

const PlanInput = Type.Object(PLAN_FIELDS);
export type PlanFields = Static<typeof PlanInput>;

type Field = keyof PlanFields | "approvers" | "options" | "channel" | "recipient";
type Body = Partial<Record<Field, unknown>>;

/** Whether the message goes to each approver. */
export function isToApprovers({ channel, recipient, approvers }: Body): boolean {
  return channel === "email" && !isGiven(recipient) && Array.isArray(approvers);
}

/** Faults that the schema cannot express. A field that violates its schema gets no further fault. */
export function planFaults(body: Body): Fault[] {
  return [...quorumFaults(body), ...reminderFaults(body), ...escalationFaults(body)];
}

function quorumFaults({ quorum, veto, approvers, options }: Body): Fault[] {
  const faults: Fault[] = [];
  const count = Array.isArray(approvers) ? approvers.length : 0;
  const isSeveral = typeof quorum === "number" && quorum > 1;
  if (isSeveral && quorum <= PAUSE_APPROVERS_COUNT_MAX && quorum > count) {
    const rule = count === 0 ? "must be 1 without approvers" : `must be at most ${count}, the number of approvers`;
    faults.push({ field: "quorum", rule });
  }
  if (typeof veto !== "string") return faults;
  if (!isSeveral) faults.push({ field: "veto", rule: "must be left out unless quorum is above 1" });
  else if (Array.isArray(options) && !options.includes(veto)) {
    faults.push({ field: "veto", rule: "must be one of the options" });
  }
  return faults;
}

function reminderFaults(body: Body): Fault[] {
  const { reminders, channel } = body;
  if (!Array.isArray(reminders) || reminders.length > PAUSE_REMINDERS_COUNT_MAX) return [];
  const field = "reminders";
  const shares = (reminders as unknown[]).filter((share) => typeof share === "number");
  const increases = shares.every((share, index) => index === 0 || share > (shares[index - 1] ?? 0));
  const faults: Fault[] = increases ? [] : [{ field, rule: "must increase from one to the next" }];
  if (!isGiven(channel)) faults.push({ field, rule: "must be left out without a channel: there is no message" });
  return faults;
}

function escalationFaults({ escalate_to: escalation, approvers }: Body): Fault[] {
  if (typeof escalation !== "object" || escalation === null) return [];
  if (!isGiven(approvers)) {
    return [{ field: "escalate_to", rule: "must be left out without approvers: any user may decide" }];
  }
  const people: unknown = (escalation as { approvers?: unknown }).approvers;
  if (!Array.isArray(people) || !Array.isArray(approvers) || people.length > PAUSE_APPROVERS_COUNT_MAX) return [];
  const field = "escalate_to.approvers";
  if (new Set(people).size < people.length) return [{ field, rule: "must differ" }];
  return people.some((id) => approvers.includes(id)) ? [{ field, rule: "must not be approvers already" }] : [];
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

/** Null when the first decision ends the pause, and nothing happens before its deadline. */
export function planOf({ quorum = 1, veto, reminders, escalate_to }: PlanFields): CreatePauseInput["plan"] {
  const escalation =
    escalate_to === undefined || escalate_to === null
      ? null
      : { share: escalate_to.share, approvers: idsOf(escalate_to.approvers) };
  if (quorum === 1 && !isGiven(reminders) && escalation === null) return null;
  return { quorum, veto: veto ?? null, reminders: reminders ?? [], escalation };
}

export function idsOf(texts: readonly string[]): Uuid[] {
  return texts.map((id) => parseId(ID_PREFIX.user, id)).filter((id) => id !== null);
}
