/** The public inbound routes on the wire. */
import Type from "typebox";
import { ID_PREFIX } from "../../domain/ids.ts";
import { TRANSITION_DIRECTIONS } from "../../domain/inbound/pause-status.ts";
import { INBOUND_FIELD_CHARS_MAX } from "../../domain/limits.ts";
import type { AnyOutput, PauseStatusOutput } from "../../engine/inbound/inbound-types.ts";
import { Time } from "../schema/schemas.ts";

const FieldText = Type.String({ minLength: 1, maxLength: INBOUND_FIELD_CHARS_MAX });

/** Only for the OpenAPI document. The engine checks the fields, after it has verified the signature. */
export const PauseStatusBody = Type.Object(
  {
    source: Type.String({ description: "The name of a source with the scheme jcs." }),
    event_type: FieldText,
    member_id: FieldText,
    old_status: FieldText,
    new_status: FieldText,
    changed_at: Time,
    signature: Type.Optional(
      Type.String({
        description:
          "`sha256=` followed by the hexadecimal HMAC-SHA256 over the JSON without this field, in RFC 8785 canonical form. " +
          "The server ignores it if the request has an `X-Hub-Signature-256`, or an `X-Signature` that begins with " +
          "`sha256=`. These headers sign the bytes of the body.",
      }),
    ),
  },
  {
    title: "PauseStatusInput",
    additionalProperties: true,
    examples: [
      {
        source: "membership",
        event_type: "member.status_changed",
        member_id: "m_1042",
        old_status: "active",
        new_status: "paused",
        changed_at: "2026-01-31T12:00:00Z",
        signature: `sha256=${"0".repeat(64)}`,
      },
    ],
  },
);

const Duplicate = Type.Optional(
  Type.Literal(true, { description: "The server received the same request before, and did nothing this time." }),
);

export const ReceivedResponse = Type.Object(
  {
    received: Type.Literal(true),
    webhook_event_id: Type.String(),
    transition_direction: Type.Enum([...TRANSITION_DIRECTIONS]),
    notifications_triggered: Type.Boolean(),
    duplicate: Duplicate,
  },
  { title: "ReceivedPauseStatus" },
);

export const AnyBody = Type.Unknown({ description: "Any content. The server keeps it byte for byte." });

const AnyReceivedResponse = Type.Object(
  {
    received: Type.Literal(true),
    inbound_event_id: Type.String(),
    event_id: Type.String(),
    duplicate: Duplicate,
  },
  { title: "ReceivedInboundEvent" },
);

const Challenge = Type.String({ description: "The `challenge` of a Slack `url_verification` request." });

/** The two kinds of a 200. */
export const AnyReceivedResponses = {
  description: "The event was published, or a challenge got its response.",
  content: { "application/json": { schema: AnyReceivedResponse }, "text/plain": { schema: Challenge } },
} as const;

/** The JSON text of a 200. It is concatenated, since no character in it needs an escape. */
export function receivedText(output: Extract<PauseStatusOutput, { kind: "received" }>): string {
  const { id, direction, notified, duplicate } = output;
  const facts = `"transition_direction":"${direction}","notifications_triggered":${notified}`;
  return `{"received":true,"webhook_event_id":"${ID_PREFIX.inbound}${id}",${facts}${duplicateText(duplicate)}}`;
}

/** Like {@link receivedText}. */
export function anyReceivedText({ id, eventId, duplicate }: Extract<AnyOutput, { kind: "received" }>): string {
  const ids = `"inbound_event_id":"${ID_PREFIX.inbound}${id}","event_id":"${ID_PREFIX.event}${eventId}"`;
  return `{"received":true,${ids}${duplicateText(duplicate)}}`;
}

function duplicateText(duplicate: boolean): string {
  return duplicate ? ',"duplicate":true' : "";
}
