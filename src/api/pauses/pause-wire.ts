/** `/v1/pause` on the wire: pauses, their lists and their counts. */
import Type, { type Static } from "typebox";
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import {
  LIST_PAGE_DEFAULT,
  LIST_PAGE_MAX,
  PAUSE_SEARCH_CHARS_MAX,
  PAUSE_WAIT_SECONDS_MAX,
  PAUSES_COUNTED_ROWS_MAX,
} from "../../domain/limits.ts";
import {
  ACT_KINDS,
  CHANNELS,
  channelOf,
  maskedAddress,
  PAUSE_STATUSES,
  type Pause,
  type Question,
  responseOf,
} from "../../domain/pauses/pause.ts";
import { wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import type { PauseView } from "../../engine/pauses/pause-types.ts";
import type { PauseCounts } from "../../ports/store.ts";
import { UserRef, userRefJson } from "../access/user-ref.ts";
import { listOf, NextPageFields, type PageRequestOf } from "../lists/pages.ts";
import { queryChecker } from "../schema/query.ts";
import { IdText, Nullable, Time } from "../schema/schemas.ts";
import { PlanResponseFields, planJson } from "./plan-wire.ts";

export const ChannelName = Type.Enum([...CHANNELS], { title: "PauseChannel" });
const StatusName = Type.Enum([...PAUSE_STATUSES], { title: "PauseStatus" });

export const CreatedPauseResponse = Type.Object(
  {
    pause_id: IdText(ID_PREFIX.pause),
    status: Type.Literal("pending"),
    respond_url: Nullable(
      Type.String({
        description:
          "Anyone with this URL can answer the pause, unless it requires a signed-in user. " +
          "Null for a session or an agent, and if the tenant withholds links.",
      }),
    ),
    expires_at: Time,
    created_at: Time,
  },
  { title: "CreatedPause" },
);

export const DetailsShown = Nullable(
  Type.Array(Type.Object({ label: Type.String(), value: Type.String() }), {
    description: "The facts below the message. Null: there are none.",
  }),
);

/** `details` as the API returns them. */
export function detailsJson({ details }: Question): Static<typeof DetailsShown> {
  return details.length === 0 ? null : [...details];
}

const Sha256 = (what: string) =>
  Type.String({ pattern: "^[0-9a-f]{64}$", description: `SHA-256, in hex, of ${what} in canonical form (RFC 8785).` });

const Receipt = Type.Object(
  {
    version: Type.Literal(1, { description: "The version of this format." }),
    key_id: Type.String({ description: "The key of `GET /.well-known/signalbox-keys` that signed it." }),
    pause_id: IdText(ID_PREFIX.pause),
    developer_id: IdText(ID_PREFIX.tenant),
    question_hash: Sha256("`message`, `options` and `details`"),
    metadata_hash: Sha256("`metadata`, or of null without it,"),
    choice: Type.String(),
    text: Nullable(Type.String()),
    people: Type.Array(
      Type.Object({ id: IdText(ID_PREFIX.user), email: Type.String(), choice: Type.String(), at: Time }),
      { description: "The users who decided. Empty: a person decided through the link." },
    ),
    via: Type.Enum(["user", "slack", "link"], {
      description: "How the person decided: signed in, in Slack, or through the link.",
    }),
    asked_at: Time,
    decided_at: Time,
    signature: Type.String({
      description: "Ed25519 over the canonical form (RFC 8785) of the other fields, in base64.",
    }),
  },
  {
    title: "Receipt",
    description: "What people decided, signed. Null unless a person decided.",
  },
);

export const PauseResponse = Type.Object(
  {
    pause_id: IdText(ID_PREFIX.pause),
    status: StatusName,
    agent: Nullable(
      Type.Object(
        { id: IdText(ID_PREFIX.key), name: Type.String() },
        { title: "PauseAgent", description: "The key of the role `agent` that asked. Null: somebody else asked." },
      ),
    ),
    act: Nullable(
      Type.Object(
        {
          kind: Type.Enum([...ACT_KINDS]),
          begun_at: Nullable(Time),
          outcome: Nullable(Type.Object({}, { additionalProperties: true })),
        },
        {
          title: "PauseAct",
          description:
            "The server itself asks, for the agent, and does what `metadata` says once a person has approved it. Null: the question is the caller's own.",
        },
      ),
    ),
    message: Type.String(),
    options: Type.Array(Type.String()),
    details: DetailsShown,
    allow_text_response: Type.Boolean(),
    timeout_default: Nullable(Type.String()),
    protected: Type.Boolean(),
    approvers: Nullable(
      Type.Array(IdText(ID_PREFIX.user), { description: "Null: any user of the tenant but a viewer." }),
    ),
    approver_emails: Nullable(
      Type.Array(Type.String(), { description: "The email addresses of the approvers, in the same order." }),
    ),
    ...PlanResponseFields,
    response_choice: Nullable(Type.String()),
    response_text: Nullable(Type.String()),
    response_at: Nullable(Time),
    decided_by: Nullable(Type.Enum(["human", "timeout_default"])),
    decided_by_user: Nullable(UserRef),
    event_id: Nullable(Type.String({ description: "The event of the ending. Null while the pause is pending." })),
    channel: Nullable(ChannelName),
    recipient: Nullable(Type.String({ description: "Slack URLs are masked." })),
    notification: Type.Object({
      status: Type.Enum(["none", "pending", "sent", "failed"]),
      reason: Nullable(Type.String()),
    }),
    metadata: Nullable(Type.Object({}, { additionalProperties: true })),
    receipt: Nullable(Receipt),
    respond_url: Nullable(
      Type.String({
        description:
          "Null once the pause has ended, for a session, a viewer or an agent, and if the tenant withholds links.",
      }),
    ),
    expires_at: Time,
    created_at: Time,
  },
  { title: "Pause" },
);

export const RevealedLinkResponse = Type.Object({ respond_url: Type.String() }, { title: "RevealedLink" });

export const PausesResponse = Type.Object(
  {
    pauses: Type.Array(PauseResponse),
    ...NextPageFields,
  },
  { title: "PausePage" },
);

export const PauseQuery = Type.Object(
  {
    wait: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: PAUSE_WAIT_SECONDS_MAX,
        default: 0,
        description: "Seconds to wait for the pause to end. The server responds as soon as it does.",
      }),
    ),
  },
  { additionalProperties: false },
);
export const checkPauseQuery = queryChecker(PauseQuery);

const LIST_OPTIONS = {
  limitMax: LIST_PAGE_MAX,
  limitDefault: LIST_PAGE_DEFAULT,
  filters: {
    status: Type.Optional(StatusName),
    order: Type.Optional(
      Type.Enum(["newest", "deadline"], {
        default: "newest",
        description: "`deadline`: the pending pauses, the earliest deadline first.",
      }),
    ),
    channel: Type.Optional(Type.Enum([...CHANNELS, "none"], { description: "`none`: pauses that notify nobody." })),
    q: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: PAUSE_SEARCH_CHARS_MAX,
        description: "Text in the message, the details or the metadata, in any letter case, or a whole id.",
      }),
    ),
  },
};
export const PAUSE_LIST = listOf("pauses", LIST_OPTIONS);
/** A cursor of one order is refused in the other. */
export const PAUSES_BY_DEADLINE = listOf("pauses-by-deadline", LIST_OPTIONS);

/** The filters of a list, or what is wrong with them together. */
export function pauseFilter({ status, order, channel, q }: PageRequestOf<typeof PAUSE_LIST>["filters"]) {
  if (order === "deadline" && status !== undefined && status !== "pending") {
    return [{ field: "order", rule: "must be left out unless status is pending: the other pauses have ended" }];
  }
  return {
    status: status ?? null,
    order: order ?? "newest",
    channel: channel ?? null,
    text: q === undefined ? null : (parseId(ID_PREFIX.pause, q) ?? q),
  };
}

const Counted = Type.Object({
  count: Type.Integer({ description: `At most ${PAUSES_COUNTED_ROWS_MAX}.` }),
  more: Type.Boolean({ description: "Whether there are more." }),
});
export const PauseCountsResponse = Type.Object(
  {
    pending: Counted,
    responded: Counted,
    timed_out: Counted,
    cancelled: Counted,
    next_expires_at: Nullable(
      Type.String({ format: "date-time", description: "The earliest deadline of a pending pause." }),
    ),
  },
  { title: "PauseCounts" },
);

export function pauseCountsJson({ counts, nextExpiresAt }: PauseCounts): Static<typeof PauseCountsResponse> {
  return { ...counts, next_expires_at: wholeSecondsOrNull(nextExpiresAt) };
}

export function createdPauseJson({ pause, respondUrl }: PauseView): Static<typeof CreatedPauseResponse> {
  return {
    pause_id: ID_PREFIX.pause + pause.id,
    status: "pending",
    respond_url: respondUrl,
    expires_at: wholeSeconds(pause.expiresAt),
    created_at: wholeSeconds(pause.createdAt),
  };
}

function actJson(act: Pause["act"]) {
  if (act === null) return null;
  const outcome = act.outcome === null ? null : (JSON.parse(act.outcome) as object);
  return { kind: act.kind, begun_at: wholeSecondsOrNull(act.begun?.at ?? null), outcome };
}

/** A pause's JSON text, with the metadata as it was sent, and the receipt as it was signed. */
export function pauseText({ pause, respondUrl }: PauseView): string {
  const response = responseOf(pause.ending);
  const approvers = pause.signIn === null || pause.signIn.approvers.length === 0 ? null : pause.signIn.approvers;
  const head = JSON.stringify({
    pause_id: ID_PREFIX.pause + pause.id,
    status: pause.ending?.status ?? "pending",
    agent: pause.agent === null ? null : { id: ID_PREFIX.key + pause.agent.id, name: pause.agent.name },
    act: actJson(pause.act),
    message: pause.message,
    options: pause.options,
    details: detailsJson(pause),
    allow_text_response: pause.allowTextResponse,
    timeout_default: pause.timeoutDefault,
    protected: pause.signIn?.protected ?? false,
    approvers: approvers?.map(({ id }) => ID_PREFIX.user + id) ?? null,
    approver_emails: approvers?.map(({ email }) => email) ?? null,
    ...planJson(pause),
    response_choice: response.choice,
    response_text: response.text,
    response_at: wholeSecondsOrNull(response.at),
    decided_by: response.decidedBy,
    decided_by_user: response.user === null ? null : userRefJson(response.user),
    event_id: pause.eventId === null ? null : ID_PREFIX.event + pause.eventId,
    channel: channelOf(pause),
    recipient: pause.recipient === null ? null : maskedAddress(pause.recipient),
    notification: pause.notification,
  });
  const tail = JSON.stringify({
    respond_url: respondUrl,
    expires_at: wholeSeconds(pause.expiresAt),
    created_at: wholeSeconds(pause.createdAt),
  });
  const own = `"metadata":${pause.metadata ?? "null"},"receipt":${pause.receipt ?? "null"}`;
  return `${head.slice(0, -1)},${own},${tail.slice(1)}`;
}
