/** Where the senders of each scheme put the type of an event and the ID of a delivery. */
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import type { Scheme, SourceSettings, ValuePlace } from "../../../domain/inbound/source.ts";
import { standardPrefix } from "../schemes/standard-webhooks.ts";

export interface Conventions {
  /** The type is in the first of these places that has a value. */
  readonly types: readonly ValuePlace[];
  /** Finds the type when none of the places has a value. */
  readonly typeOf?: (body: unknown) => string | null;
  readonly fallback: string;
  readonly ids: readonly ValuePlace[];
  readonly challengeOf?: (body: unknown) => string | null;
}

const at = (pointer: string): ValuePlace => ({ from: "pointer", pointer });
const inHeader = (name: string): ValuePlace => ({ from: "header", name });

const NAMELESS = "inbound.received";

/** Where `hmac` and `standard-webhooks` put the ID depends on the source, or on the request. */
const CONVENTIONS: Readonly<Record<Scheme, Conventions>> = {
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
    // Not X-Shopify-Event-Id: Shopify may send one event to several topics.
    ids: [inHeader("X-Shopify-Webhook-Id"), inHeader("Shopify-Webhook-Id")],
  },
  twilio: { types: [], fallback: "twilio.received", ids: [inHeader("I-Twilio-Idempotency-Token")] },
  "standard-webhooks": { types: [at("/type")], fallback: "standard-webhooks.received", ids: [] },
  // The body is signed and the headers are not, so the body comes first.
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
  // The content identifies repeats.
  jcs: { types: [at("/event_type")], fallback: NAMELESS, ids: [] },
  basic: { types: [], fallback: NAMELESS, ids: [] },
  none: { types: [], fallback: NAMELESS, ids: [] },
};

export function conventionsOf({ scheme, hmac }: SourceSettings, request: InboundRequest): Conventions {
  const conventions = CONVENTIONS[scheme];
  if (scheme === "standard-webhooks") return { ...conventions, ids: [inHeader(`${standardPrefix(request)}-id`)] };
  const place = scheme === "hmac" ? hmac?.deliveryId : null;
  return place === null || place === undefined ? conventions : { ...conventions, ids: [place] };
}

/** A slash command is a form with a `command`. An interaction is a form with one parameter that contains JSON. */
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
