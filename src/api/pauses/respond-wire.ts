/** `/v1/respond/{token}` on the wire, and a person's answer as JSON or as a form sends it. */
import Type, { type Static } from "typebox";
import { requesterOf } from "../../domain/access/tenant.ts";
import { ID_PREFIX } from "../../domain/ids.ts";
import { PAUSE_OPTION_CHARS_MAX, PAUSE_TEXT_CHARS_MAX } from "../../domain/limits.ts";
import { type Ending, PAUSE_STATUSES, type Pause, responseOf } from "../../domain/pauses/pause.ts";
import { wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import { problem } from "../errors/problem.ts";
import { checker } from "../schema/check.ts";
import { Nullable, Time } from "../schema/schemas.ts";

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

export const PathToken = Type.Object({ token: Type.String() });

const StatusName = Type.Enum([...PAUSE_STATUSES], { title: "PauseStatus" });
const Outcome = {
  status: StatusName,
  response_choice: Nullable(Type.String()),
  response_at: Nullable(Time),
};

/** What the holder of a link may see. The recipient and the metadata are for the program that asked. */
export const LinkResponse = Type.Object(
  {
    pause_id: Type.String(),
    ...Outcome,
    response_text: Nullable(Type.String()),
    requester: Nullable(Type.String({ description: "The name of the tenant. Null if it is still named `default`." })),
    message: Type.String(),
    options: Type.Array(Type.String()),
    allow_text_response: Type.Boolean(),
    timeout_default: Nullable(Type.String()),
    expires_at: Time,
  },
  { title: "PauseLink" },
);

export const TooLateResponse = Type.Object(
  { error: Type.String(), message: Type.String(), status_code: Type.Integer(), outcome: Type.Object(Outcome) },
  { title: "TooLate", description: "The pause had already ended in another way." },
);

export function linkJson(pause: Pause): Static<typeof LinkResponse> {
  const { choice, text, at } = responseOf(pause.ending);
  return {
    pause_id: ID_PREFIX.pause + pause.id,
    status: pause.ending?.status ?? "pending",
    response_choice: choice,
    response_at: wholeSecondsOrNull(at),
    response_text: text,
    requester: requesterOf(pause.tenantName),
    message: pause.message,
    options: [...pause.options],
    allow_text_response: pause.allowTextResponse,
    timeout_default: pause.timeoutDefault,
    expires_at: wholeSeconds(pause.expiresAt),
  };
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
  const { choice, at } = responseOf(ending);
  return {
    error: code,
    message,
    status_code: status,
    outcome: { status: ending.status, response_choice: choice, response_at: wholeSecondsOrNull(at) },
  };
}

/** Forms send line breaks as CRLF (HTML Living Standard, "constructing the entry list"). An empty text is the same as none. */
export function answerOf({ choice, text }: { readonly choice: string; readonly text?: string | null }) {
  const plain = (text ?? "").replaceAll("\r\n", "\n").trim();
  return { choice, text: plain === "" ? null : plain };
}
