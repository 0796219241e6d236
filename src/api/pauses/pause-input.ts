/** The body of `POST /v1/pause`. */
import Type, { type Static } from "typebox";
import type { TraceContext } from "../../domain/delivery/trace-context.ts";
import type { Fault } from "../../domain/errors.ts";
import type { Uuid } from "../../domain/ids.ts";
import {
  AGENT_DEFAULT_SECONDS_MIN,
  JSON_DEPTH_MAX,
  PAUSE_APPROVERS_COUNT_MAX,
  PAUSE_DETAIL_LABEL_CHARS_MAX,
  PAUSE_DETAIL_VALUE_CHARS_MAX,
  PAUSE_DETAILS_COUNT_MAX,
  PAUSE_HOURS_DEFAULT,
  PAUSE_HOURS_MAX,
  PAUSE_MESSAGE_CHARS_MAX,
  PAUSE_METADATA_BYTES_MAX,
  PAUSE_OPTION_CHARS_MAX,
  PAUSE_OPTIONS_COUNT_MAX,
  PAUSE_OPTIONS_COUNT_MIN,
  PAUSE_SECONDS_MAX,
} from "../../domain/limits.ts";
import { CHANNELS, type Recipient } from "../../domain/pauses/pause.ts";
import { recipientFault } from "../../domain/pauses/recipient.ts";
import { findJcsFault } from "../../domain/text/jcs-fault.ts";
import { readable } from "../../domain/text/readable.ts";
import { seenText } from "../../domain/text/text.ts";
import type { CreatePauseInput } from "../../engine/pauses/pause-types.ts";
import { invalid, type Problem, problem } from "../errors/problem.ts";
import type { JsonBody } from "../http/body.ts";
import { idempotencyKeyFaults } from "../http/idempotency-key.ts";
import { checker } from "../schema/check.ts";
import { Nullable } from "../schema/schemas.ts";
import { ChannelName } from "./pause-wire.ts";
import { idsOf, isToApprovers, PLAN_FIELDS, planFaults, planOf } from "./plan-input.ts";

const Option = Type.String({ minLength: 1, maxLength: PAUSE_OPTION_CHARS_MAX, format: "text" });

const Details = Type.Array(
  Type.Object(
    {
      label: Type.String({ minLength: 1, maxLength: PAUSE_DETAIL_LABEL_CHARS_MAX, format: "text" }),
      value: Type.String({ minLength: 1, maxLength: PAUSE_DETAIL_VALUE_CHARS_MAX, format: "prose" }),
    },
    { title: "PauseDetail", additionalProperties: false },
  ),
  {
    minItems: 1,
    maxItems: PAUSE_DETAILS_COUNT_MAX,
    description: "Facts that the person sees below the message, on the page, in emails, in Slack and in the console.",
  },
);

export const CreatePauseBody = Type.Object(
  {
    message: Type.String({ minLength: 1, maxLength: PAUSE_MESSAGE_CHARS_MAX, format: "prose" }),
    options: Type.Array(Option, {
      minItems: PAUSE_OPTIONS_COUNT_MIN,
      maxItems: PAUSE_OPTIONS_COUNT_MAX,
      description: "No two options may look the same.",
    }),
    details: Type.Optional(Nullable(Details)),
    recipient: Type.Optional(
      Nullable(
        Type.String({
          minLength: 1,
          maxLength: 2048,
          description:
            "An email address, an E.164 phone number or a Slack incoming-webhook URL, depending on `channel`. " +
            "With `approvers`, `channel` `email` and no recipient, each approver gets the message.",
        }),
      ),
    ),
    channel: Type.Optional(Nullable(ChannelName)),
    allow_text_response: Type.Optional(Type.Boolean({ default: false })),
    timeout_hours: Type.Optional(Type.Integer({ minimum: 1, maximum: PAUSE_HOURS_MAX, default: PAUSE_HOURS_DEFAULT })),
    expires_in_seconds: Type.Optional(
      Type.Integer({ minimum: 1, maximum: PAUSE_SECONDS_MAX, description: "Use it instead of `timeout_hours`." }),
    ),
    timeout_default: Type.Optional(
      Nullable(
        Type.String({
          description: "The option that is chosen if nobody answers in time. For an agent, not the first one.",
        }),
      ),
    ),
    protected: Type.Optional(
      Type.Boolean({
        description:
          "Only a signed-in user may decide, who has typed the password in the last five minutes. The link only shows " +
          "the question. By default false; for an agent always true.",
      }),
    ),
    approvers: Type.Optional(
      Nullable(
        Type.Array(Type.String({ format: "user-id" }), {
          minItems: 1,
          maxItems: PAUSE_APPROVERS_COUNT_MAX,
          description: "Only these users may decide, signed in. The link only shows the question.",
        }),
      ),
    ),
    ...PLAN_FIELDS,
    metadata: Type.Optional(
      Nullable(
        Type.Object(
          {},
          {
            additionalProperties: true,
            description: `Your own data, at most ${PAUSE_METADATA_BYTES_MAX} bytes. Responses and events return it byte for byte.`,
          },
        ),
      ),
    ),
  },
  {
    title: "PauseInput",
    additionalProperties: false,
    examples: [
      { message: "Pay 340 EUR to Acme?", options: ["Approve", "Reject"], timeout_default: "Reject", timeout_hours: 4 },
    ],
  },
);
const checkShape = checker(CreatePauseBody);

type PauseFields = Static<typeof CreatePauseBody>;

export type ParsedPause =
  | { readonly kind: "ok"; readonly input: CreatePauseInput }
  | { readonly kind: "refused"; readonly problem: Problem };

export interface PauseContext {
  /** The `Idempotency-Key` header, if there is one. */
  readonly key: string | undefined;
  readonly trace: TraceContext | null;
  /** An agent asks, so that the rules for agents hold. */
  readonly byAgent: boolean;
}

export function parsePause({ text, value, members }: JsonBody, { key, trace, byAgent }: PauseContext): ParsedPause {
  const span = members.get("metadata");
  const metadata = span === undefined ? null : text.slice(span.start, span.end);
  const shape = checkShape(value);
  const faults = [...(shape.kind === "faults" ? shape.faults : []), ...crossFaults(value, metadata)];
  if (byAgent) faults.push(...agentFaults(value, metadata));
  if (key !== undefined) faults.push(...idempotencyKeyFaults(key));
  if (faults.length > 0) return { kind: "refused", problem: problemOf(faults, value as Partial<PauseFields>) };
  const fields = { protected: byAgent, ...(value as PauseFields) };
  return { kind: "ok", input: { ...inputOf(fields, metadata, key ?? null), trace } };
}

/** Faults that the schema cannot express. A field that violates its schema gets no further fault. */
function crossFaults(body: object, metadata: string | null): Fault[] {
  const {
    message,
    options,
    details,
    channel,
    recipient,
    timeout_default,
    timeout_hours,
    expires_in_seconds,
    approvers,
  } = body as Partial<Record<keyof PauseFields, unknown>>;
  const faults: Fault[] = [];
  if (Array.isArray(approvers) && approvers.length <= PAUSE_APPROVERS_COUNT_MAX) {
    if (new Set(approvers).size < approvers.length) faults.push({ field: "approvers", rule: "must differ" });
  }
  if (isBlank(message)) faults.push({ field: "message", rule: "must not be blank" });
  // A list that is too long is a fault by itself. Its options are not checked.
  if (Array.isArray(options) && options.length <= PAUSE_OPTIONS_COUNT_MAX) faults.push(...optionFaults(options));
  if (Array.isArray(details) && details.length <= PAUSE_DETAILS_COUNT_MAX) faults.push(...detailFaults(details));
  if (typeof timeout_default === "string" && Array.isArray(options) && !options.includes(timeout_default)) {
    faults.push({ field: "timeout_default", rule: "must be one of the options" });
  }
  if (timeout_hours !== undefined && expires_in_seconds !== undefined) {
    faults.push({ field: "expires_in_seconds", rule: "must be left out when timeout_hours is given" });
  }
  if (metadata !== null && Buffer.byteLength(metadata) > PAUSE_METADATA_BYTES_MAX) {
    faults.push({ field: "metadata", rule: `must be at most ${PAUSE_METADATA_BYTES_MAX} bytes` });
  }
  faults.push(...planFaults(body));
  if (isGiven(channel) !== isGiven(recipient) && !isToApprovers({ channel, recipient, approvers })) {
    const [missing, given] = isGiven(channel) ? ["recipient", "channel"] : ["channel", "recipient"];
    faults.push({ field: missing, rule: `is required with ${given}` });
  } else if (isChannel(channel) && typeof recipient === "string" && recipient !== "") {
    const rule = recipientFault(channel, recipient);
    if (rule !== null) faults.push({ field: "recipient", rule });
  }
  return faults;
}

/**
 * An agent must not answer its own question: not through the link, not in a mailbox that it can read, and not by letting
 * the time pass.
 */
function agentFaults(body: object, metadata: string | null): Fault[] {
  const fields = body as Partial<Record<keyof PauseFields, unknown>>;
  const faults: Fault[] = [];
  if (fields.protected === false) {
    faults.push({ field: "protected", rule: "must be true: only a signed-in user decides the question of an agent" });
  }
  if (isChannel(fields.channel) && fields.channel !== "email") {
    faults.push({ field: "channel", rule: "must be email: an agent can notify only users of this tenant" });
  }
  if (typeof fields.timeout_default === "string" && firstOf(fields.options) === fields.timeout_default) {
    faults.push({ field: "timeout_default", rule: "must not be the first option: silence is not consent to an agent" });
  }
  if (metadata !== null && findJcsFault(metadata, JSON_DEPTH_MAX)?.kind === "repeatedKey") {
    const rule = "must not repeat a key: the person would see one of the values, and a program could take another";
    faults.push({ field: "metadata", rule });
  }
  const { timeout_default: byDefault, expires_in_seconds: seconds } = fields;
  if (isGiven(byDefault) && typeof seconds === "number" && seconds < AGENT_DEFAULT_SECONDS_MIN) {
    const rule = `must be at least ${AGENT_DEFAULT_SECONDS_MIN} with timeout_default: a person needs time to answer before an agent's default is taken`;
    faults.push({ field: "expires_in_seconds", rule });
  }
  return faults;
}

function firstOf(options: unknown): unknown {
  return Array.isArray(options) ? (options as unknown[])[0] : undefined;
}

/** An agent may notify a user who may decide, and nobody else. */
export const RECIPIENT_NOT_USER = invalid([
  {
    field: "recipient",
    rule: "must be the email address of a user of this tenant who can sign in and has at least the role developer: an agent asks nobody else",
  },
]);

/** Some approvers are not users of the tenant, or may not decide. */
export function unknownApprovers({ signIn, plan }: CreatePauseInput, unknown: readonly Uuid[]): Problem {
  const rule = "must be the id of a user of this tenant who can sign in and has at least the role developer";
  const faultsIn = (list: string, ids: readonly Uuid[] = []) =>
    ids.flatMap((id, index) => (unknown.includes(id) ? [{ field: `${list}[${index}]`, rule }] : []));
  const escalated = faultsIn("escalate_to.approvers", plan?.escalation?.approvers);
  return invalid([...faultsIn("approvers", signIn?.approvers), ...escalated]);
}

/** The user who asks is among the approvers. */
export function tooFewApprovers(count: number): Problem {
  const rule = `must be at most ${count}: the user who asks, or who created the key that asks, has no vote`;
  return invalid([{ field: "quorum", rule }]);
}

function optionFaults(options: readonly unknown[]): Fault[] {
  const faults: Fault[] = [];
  for (const [index, option] of options.entries()) {
    const field = `options[${index}]`;
    if (isBlank(option)) faults.push({ field, rule: "must not be blank" });
    if (typeof option === "string" && readable(option) !== option && option.isWellFormed()) {
      faults.push({ field, rule: "must not contain characters that reverse the text direction" });
    }
  }
  if (new Set(options.map(visibleText)).size < options.length) {
    faults.push({ field: "options", rule: "must look different from one another" });
  }
  return faults;
}

function detailFaults(details: readonly unknown[]): Fault[] {
  return details.flatMap((detail, index) => {
    const { label, value } = (typeof detail === "object" && detail !== null ? detail : {}) as Record<string, unknown>;
    return Object.entries({ label, value })
      .filter(([, text]) => isBlank(text))
      .map(([name]) => ({ field: `details[${index}].${name}`, rule: "must not be blank" }));
  });
}

const visibleText = (value: unknown): unknown => (typeof value === "string" ? seenText(value) : value);
const isBlank = (value: unknown): boolean => typeof value === "string" && value !== "" && visibleText(value) === "";
const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

function isChannel(value: unknown): value is Recipient["channel"] {
  return CHANNELS.some((channel) => channel === value);
}

/** Two mistakes have their own codes, if they are the only one in the request. */
function problemOf(faults: readonly Fault[], { channel, options }: Partial<PauseFields>): Problem {
  const [first] = faults;
  if (faults.length > 1 || first === undefined) return invalid(faults);
  if (first.field === "channel" && typeof channel === "string" && !isChannel(channel))
    return withCode("INVALID_CHANNEL", faults);
  const count = Array.isArray(options) ? (options as unknown[]).length : PAUSE_OPTIONS_COUNT_MIN;
  const isMiscounted = count < PAUSE_OPTIONS_COUNT_MIN || count > PAUSE_OPTIONS_COUNT_MAX;
  if (first.field === "options" && isMiscounted) return withCode("INVALID_OPTIONS", faults);
  return invalid(faults);
}

function withCode(code: string, faults: readonly Fault[]): Problem {
  return problem(400, code, faults.map(({ field, rule }) => `${field} ${rule}`).join("; "), faults);
}

const HOUR_SECONDS = 3600;

function inputOf(
  body: PauseFields,
  metadata: string | null,
  idempotencyKey: string | null,
): Omit<CreatePauseInput, "trace"> {
  const { message, options, details, channel, recipient, allow_text_response, timeout_default } = body;
  return {
    question: {
      message,
      options,
      details: details ?? [],
      allowTextResponse: allow_text_response ?? false,
      timeoutDefault: timeout_default ?? null,
      metadata: metadata === "null" ? null : metadata,
    },
    recipient:
      channel === undefined || channel === null || recipient === undefined || recipient === null
        ? null
        : { channel, address: recipient },
    signIn: signInRuleOf(body),
    plan: planOf(body),
    tellsApprovers: isToApprovers(body),
    expiresInSeconds: body.expires_in_seconds ?? (body.timeout_hours ?? PAUSE_HOURS_DEFAULT) * HOUR_SECONDS,
    idempotencyKey,
  };
}

function signInRuleOf({ protected: isProtected = false, approvers }: PauseFields): CreatePauseInput["signIn"] {
  const ids = idsOf(approvers ?? []);
  return isProtected || ids.length > 0 ? { protected: isProtected, approvers: ids } : null;
}
