/** The options of `pause ask` about several people, and about what happens before the deadline. */
import type { PauseInput } from "../../../../sdk/src/index.ts";
import { usage } from "../../failure.ts";
import { text, texts, whole } from "../../options.ts";

/** The limits of the server. */
const APPROVERS_MAX = 20;

export const PEOPLE_OPTIONS = {
  approver: texts("USER", "the id of a user who may decide, signed in; nobody else may", { completes: "user" }),
  quorum: whole("N", "how many of the approvers must choose the same answer", { min: 1, max: APPROVERS_MAX }),
  veto: text("TEXT", "the answer that ends the question with one vote"),
  remind: texts("SHARE", "send the message again after this share of the time, such as 0.5"),
  escalateTo: texts("USER", "the id of a user who may decide too, once --escalate-after has passed", {
    completes: "user",
  }),
  escalateAfter: text("SHARE", "the share of the time after which they may, such as 0.5"),
};

export interface People {
  readonly approver: readonly string[];
  readonly quorum: number | undefined;
  readonly veto: string | undefined;
  readonly remind: readonly string[];
  readonly escalateTo: readonly string[];
  readonly escalateAfter: string | undefined;
}

/** @throws Failure for options that are no shares or do not go together */
export function peopleOf({ approver, quorum, veto, remind, escalateTo, escalateAfter }: People): Partial<PauseInput> {
  if (escalateTo.length > 0 !== (escalateAfter !== undefined)) {
    throw usage("--escalate-to and --escalate-after need each other");
  }
  return {
    approvers: approver.length === 0 ? null : approver,
    ...(quorum !== undefined && { quorum }),
    ...(veto !== undefined && { veto }),
    ...(remind.length > 0 && { reminders: remind.map((share) => shareOf(share, "--remind")) }),
    ...(escalateAfter !== undefined && {
      escalate_to: { share: shareOf(escalateAfter, "--escalate-after"), approvers: escalateTo },
    }),
  };
}

function shareOf(text: string, name: string): number {
  const share = Number(text);
  if (share > 0 && share < 1) return share;
  throw usage(
    `${name} must be a number between 0 and 1, such as 0.5 for half of the time, not ${JSON.stringify(text)}`,
  );
}
