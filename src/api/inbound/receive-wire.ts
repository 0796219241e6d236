/** The public routes on the wire. */
import Type from "typebox";
import { ID_PREFIX } from "../../domain/ids.ts";
import { TRANSITION_DIRECTIONS } from "../../domain/inbound/pause-status.ts";
import { INBOUND_FIELD_CHARS_MAX } from "../../domain/limits.ts";
import type { AnyAnswer, PauseStatusAnswer } from "../../engine/inbound/inbound-service.ts";
import { Time } from "../schema/schemas.ts";

const FieldText = Type.String({ minLength: 1, maxLength: INBOUND_FIELD_CHARS_MAX });

/** For the document: the engine checks, since nothing may be said before the signature is right. */
export const PauseStatusBody = Type.Object(
  {
    source: Type.String({ description: "The name of a source of scheme jcs." }),
    event_type: FieldText,
    member_id: FieldText,
    old_status: FieldText,
    new_status: FieldText,
    changed_at: Time,
    signature: Type.Optional(
      Type.String({
        description:
          "`sha256=` and the hexadecimal HMAC-SHA256 over the JSON without this field in RFC 8785 canonical form; " +
          "not looked at when there is an `X-Hub-Signature-256`, or an `X-Signature` that begins with `sha256=`: these " +
          "sign the body's bytes.",
      }),
    ),
  },
  { title: "PauseStatusInput", additionalProperties: true },
);

const Duplicate = Type.Optional(Type.Literal(true, { description: "It came before; nothing was done again." }));

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

export const AnyBody = Type.Unknown({ description: "Whatever the source sends, byte for byte." });

const AnyReceivedResponse = Type.Object(
  {
    received: Type.Literal(true),
    inbound_event_id: Type.String(),
    event_id: Type.String(),
    duplicate: Duplicate,
  },
  { title: "ReceivedInboundEvent" },
);

const Challenge = Type.String({ description: "What the body of Slack's `url_verification` has as its `challenge`." });

/** The two kinds of 200. */
export const AnyReceivedResponses = {
  description: "Published, or a challenge answered.",
  content: { "application/json": { schema: AnyReceivedResponse }, "text/plain": { schema: Challenge } },
} as const;

/** The 200's JSON text. By hand: every character of it is known to need no escape. */
export function receivedText(answer: Extract<PauseStatusAnswer, { kind: "received" }>): string {
  const { id, direction, notified, duplicate } = answer;
  const facts = `"transition_direction":"${direction}","notifications_triggered":${notified}`;
  return `{"received":true,"webhook_event_id":"${ID_PREFIX.inbound}${id}",${facts}${duplicateText(duplicate)}}`;
}

/** As {@link receivedText}. */
export function anyReceivedText({ id, eventId, duplicate }: Extract<AnyAnswer, { kind: "received" }>): string {
  const ids = `"inbound_event_id":"${ID_PREFIX.inbound}${id}","event_id":"${ID_PREFIX.event}${eventId}"`;
  return `{"received":true,${ids}${duplicateText(duplicate)}}`;
}

function duplicateText(duplicate: boolean): string {
  return duplicate ? ',"duplicate":true' : "";
}
