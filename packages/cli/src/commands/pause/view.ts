/** How one question looks: what was asked, who may decide, what they decided, and what proves it. */
import type { Pause } from "../../../../sdk/src/index.ts";
import type { View } from "../../output/output.ts";
import type { Cell } from "../../output/table.ts";
import { shortTime } from "../../output/time.ts";

type Field = readonly [name: string, cell: Cell];

export const VIEW: View<Pause> = {
  id: ({ pause_id: id }) => id,
  fields: (pause) => [
    ["question", pause.pause_id],
    ["message", pause.message],
    ...fieldsOf("details", pause.details ?? [], ({ label, value }) => `${label}: ${value}`),
    ["asked by the agent", pause.agent?.name],
    ["options", pause.options.join(" · ")],
    ["default", pause.timeout_default],
    ["status", statusOf(pause)],
    ["answer", pause.response_choice],
    ["note", pause.response_text],
    ["decided by", pause.decided_by_user?.email ?? pause.decided_by],
    ["asked", shortTime(pause.created_at)],
    ["open until", shortTime(pause.expires_at)],
    ["answered", shortTime(pause.response_at)],
    ["recipient", pause.recipient],
    ["message to the recipient", pause.notification.reason ?? pause.notification.status],
    ["reminders", pause.reminders === null ? null : `after ${pause.reminders.join(", ")} of the time`],
    ["takes the password", pause.protected],
    ["approvers", pause.approver_emails?.join(", ")],
    ["may decide later", laterOf(pause)],
    ["votes needed", neededOf(pause)],
    ["veto", pause.veto],
    ...fieldsOf("votes", pause.votes ?? [], ({ user, choice, text, at }) => {
      const note = text === null ? "" : `, with the note: ${text}`;
      return `${user.email}: ${choice}, ${shortTime(at)}${note}`;
    }),
    ["receipt", receiptOf(pause)],
    ["link", pause.respond_url],
  ],
};

export function statusOf({ status }: Pause): Cell {
  return status === "pending" ? { text: status, color: "yellow" } : status;
}

/** A line for each item, of which the first has the name. */
function fieldsOf<Item>(name: string, items: readonly Item[], textOf: (item: Item) => string): readonly Field[] {
  if (items.length === 0) return [[name, null]];
  return items.map((item, at) => [at === 0 ? name : "", textOf(item)]);
}

function laterOf({ escalate_to: escalation, escalated_at: at }: Pause): Cell {
  if (escalation === null) return null;
  const emails = escalation.approver_emails.join(", ");
  return at === null ? `${emails}, after ${escalation.share} of the time` : `${emails}, since ${shortTime(at)}`;
}

function neededOf({ quorum, quorum_reachable: isReachable }: Pause): Cell {
  if (isReachable !== false) return quorum;
  return { text: `${quorum}, which no option can get any more`, color: "yellow" };
}

function receiptOf({ receipt }: Pause): Cell {
  return receipt === null ? null : `signed ${shortTime(receipt.decided_at)} with the key ${receipt.key_id}`;
}
