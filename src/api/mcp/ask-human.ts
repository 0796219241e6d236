/** `ask_human`: the tool with which an agent asks. */
import Type from "typebox";
import {
  AGENT_DEFAULT_SECONDS_MIN,
  PAUSE_APPROVERS_COUNT_MAX,
  PAUSE_DETAIL_LABEL_CHARS_MAX,
  PAUSE_DETAIL_VALUE_CHARS_MAX,
  PAUSE_DETAILS_COUNT_MAX,
  PAUSE_MESSAGE_CHARS_MAX,
  PAUSE_METADATA_BYTES_MAX,
  PAUSE_OPTION_CHARS_MAX,
  PAUSE_OPTIONS_COUNT_MAX,
  PAUSE_OPTIONS_COUNT_MIN,
  PAUSE_SECONDS_MAX,
} from "../../domain/limits.ts";
import { AnyObject, Id, MINUTE_SECONDS, type ShownPause } from "./question.ts";
import { REACHES, ToolFailure, tool, withText } from "./tool.ts";

const Options = Type.Array(Type.String({ minLength: 1, maxLength: PAUSE_OPTION_CHARS_MAX }), {
  minItems: PAUSE_OPTIONS_COUNT_MIN,
  maxItems: PAUSE_OPTIONS_COUNT_MAX,
});
/** Without the formats of the API, which no client knows. */
const Details = Type.Array(
  Type.Object(
    {
      label: Type.String({ minLength: 1, maxLength: PAUSE_DETAIL_LABEL_CHARS_MAX }),
      value: Type.String({ minLength: 1, maxLength: PAUSE_DETAIL_VALUE_CHARS_MAX }),
    },
    { additionalProperties: false },
  ),
  {
    minItems: 1,
    maxItems: PAUSE_DETAILS_COUNT_MAX,
    description: "Facts for the decision, which the person sees below the question.",
  },
);

/** Who may decide. The API checks what the fields need of each other. */
const People = {
  approvers: Type.Optional(
    Type.Array(Type.String(), {
      minItems: 1,
      maxItems: PAUSE_APPROVERS_COUNT_MAX,
      description: "The ids (usr_…) of the users of this tenant who may decide; nobody else may.",
    }),
  ),
  quorum: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: PAUSE_APPROVERS_COUNT_MAX,
      description:
        "How many of the approvers must choose the same option, each with one vote. The user who created your key has " +
        "none. At most the number of approvers; by default the first decision counts.",
    }),
  ),
  veto: Type.Optional(
    Type.String({ description: "The option that ends the question with one vote. Only with a quorum above 1." }),
  ),
};
/** In place of an address. */
const EACH_APPROVER = "approvers";
const NO_APPROVERS = `VALIDATION_ERROR: to must be an email address, or left out: "${EACH_APPROVER}" needs approvers.`;

const DEFAULT_MINUTES_MIN = AGENT_DEFAULT_SECONDS_MIN / MINUTE_SECONDS;
const DEFAULT_TOO_SOON = `VALIDATION_ERROR: timeout_minutes must be at least ${DEFAULT_MINUTES_MIN} with default_option: a person needs time to answer before a default is taken.`;

export const ASK_HUMAN = tool({
  name: "ask_human",
  title: "Ask a person",
  description:
    "Ask a person a question with 2 to 5 options, and return at once. A signed-in person decides; you cannot. " +
    "Then call wait_for_decision with the pause_id until the status is no longer pending.",
  scopes: ["ask"],
  input: Type.Object(
    {
      question: Type.String({ minLength: 1, maxLength: PAUSE_MESSAGE_CHARS_MAX }),
      options: Options,
      details: Type.Optional(Details),
      context: Type.Optional({
        ...AnyObject,
        description: `Data for the program that acts on the decision. The console shows it to the person: at most ${PAUSE_METADATA_BYTES_MAX} bytes of JSON.`,
      }),
      timeout_minutes: Type.Integer({
        minimum: 1,
        maximum: PAUSE_SECONDS_MAX / MINUTE_SECONDS,
        description: "How long the person has. People need minutes, or hours if they are away.",
      }),
      default_option: Type.Optional(
        Type.String({
          description: `What to do if nobody answers, without anybody's approval. Not the first option. Needs at least ${DEFAULT_MINUTES_MIN} minutes.`,
        }),
      ),
      to: Type.Optional(
        Type.String({
          description:
            `The email address of a user of this tenant, or "${EACH_APPROVER}" for a message to each approver. ` +
            "Without it, people see the question in the console.",
        }),
      ),
      ...People,
      idempotency_key: Type.Optional(
        Type.String({ description: "Repeating the call with the same key asks only once." }),
      ),
    },
    { additionalProperties: false },
  ),
  output: Type.Object({
    pause_id: Id,
    asked: Type.String({ description: "Who is asked, and how." }),
    expires_at: Type.String(),
    next: Type.Literal("wait_for_decision"),
  }),
  annotations: REACHES,
  async run(input, { call, textOf }) {
    const { question, options, details, timeout_minutes, default_option, approvers, quorum, veto, to } = input;
    if (default_option !== undefined && timeout_minutes < DEFAULT_MINUTES_MIN) throw new ToolFailure(DEFAULT_TOO_SOON);
    if (to === EACH_APPROVER && approvers === undefined) throw new ToolFailure(NO_APPROVERS);
    const fields = {
      message: question,
      options,
      expires_in_seconds: timeout_minutes * MINUTE_SECONDS,
      ...(details !== undefined && { details }),
      ...(default_option !== undefined && { timeout_default: default_option }),
      ...(approvers !== undefined && { approvers }),
      ...(quorum !== undefined && { quorum }),
      ...(veto !== undefined && { veto }),
      ...(to !== undefined && { channel: "email", ...(to !== EACH_APPROVER && { recipient: to }) }),
    };
    const body = withText(fields, "metadata", textOf("context"));
    const { idempotency_key: key } = input;
    const headers = key === undefined ? {} : { "idempotency-key": key };
    const created = (await call({ method: "POST", path: "/v1/pause", body, headers })) as ShownPause;
    return {
      pause_id: created.pause_id,
      asked: askedOf(input),
      expires_at: created.expires_at,
      next: "wait_for_decision" as const,
    };
  },
});

/** In words for a model. */
function askedOf({ approvers, quorum = 1, to }: { approvers?: string[]; quorum?: number; to?: string }): string {
  const people = approvers === undefined ? "anyone who signs in to the console" : `${approvers.length} approvers`;
  const who = quorum > 1 ? `${people}, ${quorum} of whom must agree` : people;
  if (to === undefined) return approvers === undefined ? who : `${who}, in the console`;
  if (to === EACH_APPROVER) return `${who}, each by email`;
  return approvers === undefined ? `${to}, by email` : `${who}, with an email to ${to}`;
}
