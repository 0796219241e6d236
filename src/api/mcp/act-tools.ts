/** The tools with which an agent asks a person to approve an act of the server. `wait_for_decision` then does it. */
import Type, { type Static } from "typebox";
import { ID_PREFIX, parseEndpointId, parseId, type Uuid } from "../../domain/ids.ts";
import {
  ACT_DELIVERIES_COUNT_MAX,
  ACT_MINUTES_DEFAULT,
  AGENT_REPLAYED_DELIVERIES_MAX,
  PAUSE_SECONDS_MAX,
} from "../../domain/limits.ts";
import type { Act } from "../../domain/pauses/act.ts";
import { recipientFault } from "../../domain/pauses/recipient.ts";
import { parseTime, wholeSeconds } from "../../domain/text/time.ts";
import { invalid } from "../errors/problem.ts";
import { ENDPOINT_NOT_FOUND } from "../errors/v1-errors.ts";
import { ReplayedResponse } from "../history/delivery-wire.ts";
import { Time } from "../schema/schemas.ts";
import { ADDS, failure, REACHES, type Tool, type ToolContext, tool } from "./tool.ts";

const STRICT = { additionalProperties: false } as const;
const MINUTE_SECONDS = 60;

/** Whom to ask, and for how long. */
const Asking = {
  to: Type.Optional(
    Type.String({
      description: "The email address of a user of this tenant. Without it, people see the question in the console.",
    }),
  ),
  timeout_minutes: Type.Optional(
    Type.Integer({ minimum: 1, maximum: PAUSE_SECONDS_MAX / MINUTE_SECONDS, default: ACT_MINUTES_DEFAULT }),
  ),
};

const AskedFields = {
  pause_id: Type.String(),
  question: Type.String({ description: "What the person is asked." }),
  asked: Type.String({ description: "Who is asked, and how." }),
  expires_at: Type.String(),
  next: Type.Literal("wait_for_decision"),
};
const Asked = Type.Object(AskedFields);

interface AskingInput {
  readonly to?: string;
  readonly timeout_minutes?: number;
}

async function ask({ acts }: ToolContext, act: Act, asking: AskingInput): Promise<Static<typeof Asked>> {
  const { to, timeout_minutes: minutes = ACT_MINUTES_DEFAULT } = asking;
  const fault = to === undefined ? null : recipientFault("email", to);
  if (fault !== null) throw failure(invalid([{ field: "to", rule: fault }]));
  const { pause } = await acts.ask({
    act,
    recipient: to === undefined ? null : { channel: "email", address: to },
    expiresInSeconds: minutes * MINUTE_SECONDS,
  });
  return {
    pause_id: ID_PREFIX.pause + pause.id,
    question: pause.message,
    asked: to === undefined ? "anyone who signs in to the console" : `${to}, by email`,
    expires_at: wholeSeconds(pause.expiresAt),
    next: "wait_for_decision",
  };
}

function endpointOf(id: string): Uuid {
  const parsed = parseEndpointId(id);
  if (parsed === null) throw failure(ENDPOINT_NOT_FOUND);
  return parsed;
}

const APPROVED = {
  scopes: ["ask", "operate"],
  annotations: REACHES,
  output: Asked,
} as const;
const HOW =
  "Signalbox itself asks a person, with what it would do. Call wait_for_decision with the pause_id: it does this once a person has approved it.";

const PAUSE_ENDPOINT = tool({
  ...APPROVED,
  name: "pause_endpoint",
  title: "Pause an endpoint, if a person approves",
  description: `Ask to pause an endpoint, so that its deliveries wait. ${HOW}`,
  input: Type.Object({ endpoint_id: Type.String(), ...Asking }, STRICT),
  run: ({ endpoint_id: id, ...asking }, context) =>
    ask(context, { kind: "pause_endpoint", endpointId: endpointOf(id) }, asking),
});

const RESUME_ENDPOINT = tool({
  ...APPROVED,
  name: "resume_endpoint",
  title: "Resume an endpoint, if a person approves",
  description: `Ask to resume an endpoint that is paused or disabled, so that what waits is sent. ${HOW}`,
  input: Type.Object({ endpoint_id: Type.String(), ...Asking }, STRICT),
  run: ({ endpoint_id: id, ...asking }, context) =>
    ask(context, { kind: "resume_endpoint", endpointId: endpointOf(id) }, asking),
});

const RECOVER = tool({
  ...APPROVED,
  name: "recover",
  title: "Recover an endpoint, if a person approves",
  description: `Ask to send an endpoint again what failed, or was missed while it was disabled, since a time. ${HOW}`,
  input: Type.Object({ endpoint_id: Type.String(), since: Time, ...Asking }, STRICT),
  run: ({ endpoint_id: id, since, ...asking }, context) =>
    ask(context, { kind: "recover", endpointId: endpointOf(id), since: parseTime(since) ?? 0 }, asking),
});

const REPLAY_EVENTS = tool({
  name: "replay_events",
  title: "Replay deliveries",
  description:
    `Create new deliveries of the same events. More than ${AGENT_REPLAYED_DELIVERIES_MAX} need a person's approval and the scope ask: ` +
    `then the result has a pause_id. ${HOW} With dry_run, only count them.`,
  scopes: ["operate"],
  annotations: { ...ADDS, openWorldHint: true },
  input: Type.Object(
    {
      delivery_ids: Type.Array(Type.String({ format: "delivery-id" }), {
        minItems: 1,
        maxItems: ACT_DELIVERIES_COUNT_MAX,
      }),
      dry_run: Type.Optional(Type.Boolean({ default: false })),
      ...Asking,
    },
    STRICT,
  ),
  output: Type.Partial(Type.Object({ ...ReplayedResponse.properties, ...AskedFields })),
  async run({ delivery_ids: ids, dry_run: dryRun, ...asking }, context) {
    const unique = [...new Set(ids)];
    if (unique.length <= AGENT_REPLAYED_DELIVERIES_MAX || dryRun === true) {
      const body = { delivery_ids: unique, dry_run: dryRun ?? false };
      return (await context.call({ method: "POST", path: "/v1/replays", body })) as never;
    }
    const deliveryIds = unique.map((id) => parseId(ID_PREFIX.delivery, id)).filter((id) => id !== null);
    return ask(context, { kind: "replay_events", deliveryIds }, asking);
  },
});

export const ACT_TOOLS: readonly Tool[] = [REPLAY_EVENTS, PAUSE_ENDPOINT, RESUME_ENDPOINT, RECOVER];
