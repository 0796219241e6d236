/** `/v1/respond/{token}` on the wire, and a person's answer as JSON or as a form sends it. */
import Type, { type Static } from "typebox";
import { requesterOf } from "../../domain/access/tenant.ts";
import { ID_PREFIX } from "../../domain/ids.ts";
import { PASSWORD_CHARS_MAX, PAUSE_OPTION_CHARS_MAX, PAUSE_TEXT_CHARS_MAX } from "../../domain/limits.ts";
import { consolePageOf, type Ending, PAUSE_STATUSES, type Pause, responseOf } from "../../domain/pauses/pause.ts";
import { tallyOf } from "../../domain/pauses/plan.ts";
import { wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import type { RespondOutput } from "../../engine/pauses/pause-types.ts";
import { PAUSE_NOT_FOUND } from "../errors/pauses-errors.ts";
import { invalid, type Problem, problem } from "../errors/problem.ts";
import { checker } from "../schema/check.ts";
import { Nullable, Time } from "../schema/schemas.ts";
import { DetailsShown, detailsJson } from "./pause-wire.ts";

export const RespondBody = Type.Object(
  {
    choice: Type.String({ minLength: 1, maxLength: PAUSE_OPTION_CHARS_MAX, description: "One of the options." }),
    text: Type.Optional(
      Nullable(
        Type.String({
          maxLength: PAUSE_TEXT_CHARS_MAX,
          format: "prose",
          description: "Only if the pause allows text. An empty text is the same as none.",
        }),
      ),
    ),
  },
  { title: "DecisionInput", additionalProperties: false, examples: [{ choice: "Approve" }] },
);
export const checkRespond = checker(RespondBody);

export const DecideBody = Type.Object(
  {
    ...RespondBody.properties,
    password: Type.Optional(
      Nullable(
        Type.String({
          minLength: 1,
          maxLength: PASSWORD_CHARS_MAX,
          description: "Your password, for a protected pause.",
        }),
      ),
    ),
  },
  { title: "UserDecisionInput", additionalProperties: false, examples: [{ choice: "Approve" }] },
);
export const checkDecide = checker(DecideBody);

export const PathToken = Type.Object({ token: Type.String() });

const StatusName = Type.Enum([...PAUSE_STATUSES], { title: "PauseStatus" });
const Outcome = {
  status: StatusName,
  response_choice: Nullable(Type.String()),
  response_at: Nullable(Time),
};

const TallyResponse = Type.Object(
  {
    quorum: Type.Integer({ description: "How many people must choose the same option." }),
    veto: Nullable(Type.String({ description: "The option that ends the pause with one vote." })),
    counts: Type.Array(
      Type.Object({ choice: Type.String(), count: Type.Integer({ description: "How many people voted for it." }) }),
      { description: "For each option, in their order." },
    ),
    quorum_reachable: Type.Boolean({ description: "Whether some option can still get enough votes." }),
  },
  {
    title: "PauseTally",
    description: "The votes so far, without who gave them. Null once the pause has ended, and without a quorum.",
  },
);

/** What the holder of a link may see, which is what the page of the link shows. The recipient and the metadata are for the program that asked. */
export const LinkResponse = Type.Object(
  {
    pause_id: Type.String(),
    ...Outcome,
    response_text: Nullable(Type.String()),
    requester: Nullable(
      Type.String({
        description:
          "The name of the tenant, and of the agent's key if an agent asks. Null for a tenant that is still named `default`.",
      }),
    ),
    message: Type.String(),
    options: Type.Array(Type.String()),
    details: DetailsShown,
    allow_text_response: Type.Boolean(),
    timeout_default: Nullable(Type.String()),
    expires_at: Time,
    tally: Nullable(TallyResponse),
    sign_in_url: Nullable(
      Type.String({ description: "Where a signed-in user answers, if the link only shows the question." }),
    ),
  },
  { title: "PauseLink" },
);

export const TooLateResponse = Type.Object(
  { error: Type.String(), message: Type.String(), status_code: Type.Integer(), outcome: Type.Object(Outcome) },
  { title: "TooLate", description: "The pause had already ended in another way, or the user had already voted." },
);

/** @param publicUrl without a trailing slash */
export function linkJson(pause: Pause, publicUrl: string): Static<typeof LinkResponse> {
  const { choice, text, at } = responseOf(pause.ending);
  return {
    pause_id: ID_PREFIX.pause + pause.id,
    status: pause.ending?.status ?? "pending",
    response_choice: choice,
    response_at: wholeSecondsOrNull(at),
    response_text: text,
    requester: requesterOf(pause),
    message: pause.message,
    options: [...pause.options],
    details: detailsJson(pause),
    allow_text_response: pause.allowTextResponse,
    timeout_default: pause.timeoutDefault,
    expires_at: wholeSeconds(pause.expiresAt),
    tally: tallyJson(pause),
    sign_in_url: signInUrl(pause, publicUrl),
  };
}

function tallyJson(pause: Pause): Static<typeof TallyResponse> | null {
  const tally = tallyOf(pause);
  if (tally === null) return null;
  const { quorum, veto, counts, isReachable } = tally;
  const countOf = (choice: string, index: number) => ({ choice, count: counts[index] ?? 0 });
  return { quorum, veto, counts: pause.options.map(countOf), quorum_reachable: isReachable };
}

/** The console's page of a pause whose link only shows it; null for every other pause. */
export function signInUrl({ id, signIn, ending }: Pause, publicUrl: string): string | null {
  return signIn === null || ending !== null ? null : consolePageOf(publicUrl, id);
}

export const SIGN_IN_REQUIRED = problem(
  403,
  "SIGN_IN_REQUIRED",
  "The link only shows this question. To answer it, sign in to the console.",
);

/** Why an answer was not accepted, other than that the pause had ended. */
export function answerProblem(
  answer: Extract<RespondOutput, { kind: "noSuchChoice" | "textNotAllowed" | "signInRequired" | "unknown" }>,
): Problem {
  switch (answer.kind) {
    case "noSuchChoice":
      return invalidChoice(answer.pause.options);
    case "textNotAllowed":
      return TEXT_NOT_ALLOWED;
    case "signInRequired":
      return SIGN_IN_REQUIRED;
    case "unknown":
      return PAUSE_NOT_FOUND;
  }
}

const TEXT_NOT_ALLOWED = invalid([{ field: "text", rule: "must be left out: this pause does not allow text" }]);

function invalidChoice(options: readonly string[]): Problem {
  const rule = `must be one of ${options.map((option) => JSON.stringify(option)).join(", ")}`;
  return problem(400, "INVALID_CHOICE", `choice ${rule}`, [{ field: "choice", rule }]);
}

/** The problem of an answer to a pause that has ended. */
export function tooLateProblem(ending: Ending) {
  switch (ending.status) {
    case "responded":
      return problem(410, "TOKEN_USED", "The pause has already been answered. Your answer did not count.");
    case "timed_out":
      return problem(410, "TOKEN_EXPIRED", "The pause has timed out. Your answer did not count.");
    case "cancelled":
      return problem(409, "ALREADY_CANCELLED", "The pause has been cancelled. Your answer did not count.");
  }
}

export function tooLateJson(ending: Ending): Static<typeof TooLateResponse> {
  const { status, code, message } = tooLateProblem(ending);
  return { error: code, message, status_code: status, outcome: outcomeOf(ending) };
}

/** Null: the pause is pending. */
export function outcomeOf(ending: Ending | null): Static<typeof TooLateResponse>["outcome"] {
  const { choice, at } = responseOf(ending);
  return { status: ending?.status ?? "pending", response_choice: choice, response_at: wholeSecondsOrNull(at) };
}

/** Forms send line breaks as CRLF (HTML Living Standard, "constructing the entry list"). An empty text is the same as none. */
export function answerOf({ choice, text }: { readonly choice: string; readonly text?: string | null }) {
  const plain = (text ?? "").replaceAll("\r\n", "\n").trim();
  return { choice, text: plain === "" ? null : plain };
}
