/** Where each scheme's senders put the type of an event and the id of a delivery. */
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import type { Scheme, SourceSettings, ValuePlace } from "../../../domain/inbound/source.ts";
import { standardPrefix } from "../schemes/standard-webhooks.ts";

export interface Habits {
  /** The first of these that has a value. */
  readonly types: readonly ValuePlace[];
  /** When none of them has. */
  readonly typeOf?: (body: unknown) => string | null;
  readonly fallback: string;
  readonly ids: readonly ValuePlace[];
  readonly challengeOf?: (body: unknown) => string | null;
}

const at = (pointer: string): ValuePlace => ({ from: "pointer", pointer });
const inHeader = (name: string): ValuePlace => ({ from: "header", name });

const NAMELESS = "inbound.received";

/** Of `hmac` and `standard-webhooks` the id's place depends on the source, or on the request. */
const HABITS: Readonly<Record<Scheme, Habits>> = {
  github: {
    types: [inHeader("X-GitHub-Event")],
    fallback: "github.received",
    ids: [inHeader("X-GitHub-Delivery")],
  },
  stripe: { types: [at("/type")], fallback: "stripe.received", ids: [at("/id")] },
  slack: {
    types: [at("/event/type"), at("/type")],
    typeOf: slackFormType,
    fallback: "slack.received",
    ids: [at("/event_id")],
    challengeOf: slackChallenge,
  },
  shopify: {
    types: [inHeader("X-Shopify-Topic"), inHeader("Shopify-Topic")],
    fallback: "shopify.received",
    // Not X-Shopify-Event-Id: several topics may be told of one event.
    ids: [inHeader("X-Shopify-Webhook-Id"), inHeader("Shopify-Webhook-Id")],
  },
  twilio: { types: [], fallback: "twilio.received", ids: [inHeader("I-Twilio-Idempotency-Token")] },
  "standard-webhooks": { types: [at("/type")], fallback: "standard-webhooks.received", ids: [] },
  // The body is signed, the headers are not: they come second.
  pausepoint: {
    types: [at("/event"), inHeader("X-PausePoint-Event")],
    fallback: "pausepoint.received",
    ids: [inHeader("webhook-id")],
  },
  pacspace: {
    types: [at("/event"), inHeader("X-Webhook-Event")],
    fallback: "pacspace.received",
    ids: [inHeader("X-Event-ID"), inHeader("webhook-id")],
  },
  hmac: { types: [], fallback: NAMELESS, ids: [] },
  // Its repeats are told by their content.
  jcs: { types: [at("/event_type")], fallback: NAMELESS, ids: [] },
  basic: { types: [], fallback: NAMELESS, ids: [] },
  none: { types: [], fallback: NAMELESS, ids: [] },
};

export function habitsOf({ scheme, hmac }: SourceSettings, request: InboundRequest): Habits {
  const habits = HABITS[scheme];
  if (scheme === "standard-webhooks") return { ...habits, ids: [inHeader(`${standardPrefix(request)}-id`)] };
  const place = scheme === "hmac" ? hmac?.deliveryId : null;
  return place === null || place === undefined ? habits : { ...habits, ids: [place] };
}

/** Slash commands are forms with a `command`; interactions are forms with one parameter of JSON. */
function slackFormType(body: unknown): string | null {
  if (!isObject(body)) return null;
  if (typeof body.command === "string") return "slash_command";
  if (typeof body.payload !== "string") return null;
  const payload = parsed(body.payload);
  return isObject(payload) && typeof payload.type === "string" && payload.type !== "" ? payload.type : null;
}

function slackChallenge(body: unknown): string | null {
  if (!isObject(body) || body.type !== "url_verification") return null;
  return typeof body.challenge === "string" ? body.challenge : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
