/** `/v1/sources` on the wire. */
import Type, { type Static, type TObject } from "typebox";
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import { REJECTIONS } from "../../domain/inbound/request.ts";
import {
  type BasicOptions,
  type EventTypeRule,
  HMAC_ALGORITHMS,
  type HmacOptions,
  SCHEMES,
  type Scheme,
  SIGNATURE_ENCODINGS,
  type Source,
  type SourceSettings,
  type ValuePlace,
} from "../../domain/inbound/source.ts";
import {
  INBOUND_TOLERANCE_SECONDS,
  INBOUND_TOLERANCE_SECONDS_MAX,
  ROTATE_OVERLAP_SECONDS_DEFAULT,
  ROTATE_OVERLAP_SECONDS_MAX,
  SECRET_CHARS_MAX,
  SOURCE_HEADER_CHARS_MAX,
  SOURCE_NAME_CHARS_MAX,
  SOURCE_POINTER_CHARS_MAX,
  SOURCE_PREFIX_CHARS_MAX,
  SOURCE_SECRET_CHARS_MIN,
  SOURCE_TEMPLATE_CHARS_MAX,
  SOURCE_USERNAME_CHARS_MAX,
} from "../../domain/limits.ts";
import { wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import type {
  CreateSourceInput,
  PatchSourceInput,
  SourceTrial,
  TrialOutput,
} from "../../engine/inbound/inbound-types.ts";
import { SOURCES_PAGE_MAX } from "../http/limits.ts";
import { listOf } from "../lists/pages.ts";
import { type Checked, checker } from "../schema/check.ts";
import { NameText, Nullable, Time } from "../schema/schemas.ts";
import { changeFaults, creationFaults, secretFaults } from "./source-rules.ts";

// ── Requests ────────────────────────────────────────────────────────────────────────────────────────────────────────

const HeaderName = Type.String({ minLength: 1, maxLength: SOURCE_HEADER_CHARS_MAX, format: "header-name" });
const Pointer = Type.String({ minLength: 1, maxLength: SOURCE_POINTER_CHARS_MAX, format: "json-pointer-below" });
const Secret = Type.String({ minLength: SOURCE_SECRET_CHARS_MIN, maxLength: SECRET_CHARS_MAX, format: "text" });

const locationFields = { header: Type.Optional(Nullable(HeaderName)), pointer: Type.Optional(Nullable(Pointer)) };

const EventType = Type.Object(
  {
    ...locationFields,
    prefix: Type.Optional(Type.String({ maxLength: SOURCE_PREFIX_CHARS_MAX, format: "event-type-part" })),
    fallback: Type.Optional(Nullable(Type.String({ format: "event-type" }))),
  },
  {
    title: "SourceEventTypeInput",
    additionalProperties: false,
    description:
      "Where the event type is: in a header, or at a pointer in a JSON body. By default it is where the scheme puts it. " +
      "`prefix` is put in front of the type. `fallback` replaces a missing type.",
  },
);
const Hmac = Type.Object(
  {
    header: HeaderName,
    algorithm: Type.Optional(Type.Enum([...HMAC_ALGORITHMS], { default: "sha256" })),
    encoding: Type.Optional(Type.Enum([...SIGNATURE_ENCODINGS], { default: "hex" })),
    prefix: Type.Optional(
      Type.String({
        maxLength: SOURCE_PREFIX_CHARS_MAX,
        format: "text",
        description: "The text in front of the signature in its header, such as `sha256=`.",
      }),
    ),
    timestamp_header: Type.Optional(Nullable(HeaderName)),
    tolerance_seconds: Type.Optional(
      Type.Integer({ minimum: 1, maximum: INBOUND_TOLERANCE_SECONDS_MAX, default: INBOUND_TOLERANCE_SECONDS }),
    ),
    template: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: SOURCE_TEMPLATE_CHARS_MAX,
        // Some senders sign several lines.
        format: "prose",
        description:
          "The signed content, such as `v0:{timestamp}:{body}`. The default is `{body}`, or `{timestamp}.{body}` with a " +
          "`timestamp_header`.",
      }),
    ),
    delivery_id: Type.Optional(
      Nullable(
        Type.Object(locationFields, {
          additionalProperties: false,
          description: "Where the sender's own delivery id is. The server accepts each id once.",
        }),
      ),
    ),
  },
  {
    title: "HmacSettings",
    additionalProperties: false,
    description: "Required with the scheme hmac, and allowed only with it.",
  },
);
const Basic = Type.Object(
  { username: Type.String({ minLength: 1, maxLength: SOURCE_USERNAME_CHARS_MAX, format: "username" }) },
  {
    title: "BasicSettings",
    additionalProperties: false,
    description: "Required with the scheme basic, and allowed only with it. The secret is the password.",
  },
);

const Name = NameText(SOURCE_NAME_CHARS_MAX);
const options = {
  secret: Type.Optional(Secret),
  event_type: Type.Optional(EventType),
  hmac: Type.Optional(Nullable(Hmac)),
  basic: Type.Optional(Nullable(Basic)),
};

export const CreateSourceBody = Type.Object(
  {
    name: Name,
    scheme: Type.Enum([...SCHEMES], {
      description: "How the server verifies requests. With `none`, it accepts every request.",
    }),
    ...options,
  },
  {
    title: "SourceInput",
    additionalProperties: false,
    examples: [{ name: "repositories", scheme: "github", event_type: { prefix: "github." } }],
  },
);
export const PatchSourceBody = Type.Object(
  {
    name: Type.Optional(Name),
    scheme: Type.Optional(Type.Enum([...SCHEMES], { description: "The current scheme. A scheme cannot change." })),
    ...options,
  },
  { title: "SourcePatch", additionalProperties: false, examples: [{ event_type: { pointer: "/type" } }] },
);
export const RotateSourceBody = Type.Object(
  {
    secret: Type.Optional(Secret),
    overlap_seconds: Type.Optional(
      Type.Integer({ minimum: 0, maximum: ROTATE_OVERLAP_SECONDS_MAX, default: ROTATE_OVERLAP_SECONDS_DEFAULT }),
    ),
  },
  { title: "RotateSourceSecretInput", additionalProperties: false, examples: [{ overlap_seconds: 3600 }] },
);
export const TrySourceBody = Type.Object(
  {
    secret: Type.Optional(Secret),
    hmac: Type.Optional(Hmac),
    event_id: Type.Optional(
      Type.String({ format: "inbound-id", description: "Try one rejected request. By default, all that are kept." }),
    ),
  },
  { title: "SourceTrial", additionalProperties: false, examples: [{ secret: "the secret that the sender uses" }] },
);
export const SOURCE_LIST = listOf("sources", { limitMax: SOURCES_PAGE_MAX, filters: {} });

type Rules = (body: ReadonlyMap<string, unknown>) => readonly { readonly field: string; readonly rule: string }[];

/** Checks the schema, and the rules that a schema cannot express. */
function withRules<T extends TObject>(schema: T): (body: unknown, rules: Rules) => Checked<Static<T>> {
  const check = checker(schema);
  return (body, rules) => {
    const checked = check(body);
    const fields = typeof body === "object" && body !== null ? Object.entries(body) : [];
    const more = rules(new Map<string, unknown>(fields));
    if (more.length === 0) return checked;
    return { kind: "faults", faults: [...(checked.kind === "faults" ? checked.faults : []), ...more] };
  };
}

const checkCreate = withRules(CreateSourceBody);
const checkPatch = withRules(PatchSourceBody);
const checkRotate = withRules(RotateSourceBody);
const checkTry = withRules(TrySourceBody);

export function parseCreateSource(body: unknown): Checked<CreateSourceInput> {
  const checked = checkCreate(body, creationFaults);
  if (checked.kind === "faults") return checked;
  const { name, scheme, secret = null, event_type = {}, hmac = null, basic = null } = checked.value;
  const settings: SourceSettings = {
    name,
    scheme,
    eventType: eventTypeOf(event_type),
    hmac: hmac === null ? null : hmacOf(hmac),
    basic,
  };
  return { kind: "ok", value: { settings, secret } };
}

/** @param scheme the source's own, which decides which fields the body may have */
export function parsePatchSource(body: unknown, scheme: Scheme): Checked<PatchSourceInput> {
  const checked = checkPatch(body, (fields) => changeFaults(fields, scheme));
  if (checked.kind === "faults") return checked;
  const { name, secret, event_type, hmac, basic } = checked.value;
  const settings = {
    ...(name !== undefined && { name }),
    ...(event_type !== undefined && { eventType: eventTypeOf(event_type) }),
    ...(hmac !== undefined && hmac !== null && { hmac: hmacOf(hmac) }),
    ...(basic !== undefined && basic !== null && { basic }),
  };
  return { kind: "ok", value: { settings, ...(secret !== undefined && { secret }) } };
}

export interface RotateInput {
  readonly secret: string | null;
  readonly overlapSeconds: number;
}

export function parseRotateSource(body: unknown, scheme: Scheme): Checked<RotateInput> {
  const checked = checkRotate(body, (fields) => (scheme === "none" ? [] : secretFaults(fields, scheme)));
  if (checked.kind === "faults") return checked;
  const { secret = null, overlap_seconds: overlapSeconds = ROTATE_OVERLAP_SECONDS_DEFAULT } = checked.value;
  return { kind: "ok", value: { secret, overlapSeconds } };
}

export function parseTrySource(body: unknown, scheme: Scheme): Checked<SourceTrial> {
  const checked = checkTry(body, (fields) => changeFaults(fields, scheme));
  if (checked.kind === "faults") return checked;
  const { secret = null, hmac, event_id: id } = checked.value;
  const recordId = id === undefined ? null : parseId(ID_PREFIX.inbound, id);
  return { kind: "ok", value: { secret, hmac: hmac === undefined ? null : hmacOf(hmac), recordId } };
}

function eventTypeOf(given: Static<typeof EventType>): EventTypeRule {
  return { place: locationOf(given), prefix: given.prefix ?? "", fallback: given.fallback ?? null };
}

function hmacOf(given: Static<typeof Hmac>): HmacOptions {
  const timestampHeader = given.timestamp_header ?? null;
  return {
    header: given.header,
    algorithm: given.algorithm ?? "sha256",
    encoding: given.encoding ?? "hex",
    prefix: given.prefix ?? "",
    timestampHeader,
    toleranceSeconds: given.tolerance_seconds ?? INBOUND_TOLERANCE_SECONDS,
    template: given.template ?? (timestampHeader === null ? "{body}" : "{timestamp}.{body}"),
    deliveryId: locationOf(given.delivery_id ?? {}),
  };
}

interface GivenLocation {
  readonly header?: string | null;
  readonly pointer?: string | null;
}

function locationOf({ header = null, pointer = null }: GivenLocation): ValuePlace | null {
  if (header !== null) return { from: "header", name: header };
  return pointer === null ? null : { from: "pointer", pointer };
}

// ── Responses ───────────────────────────────────────────────────────────────────────────────────────────────────────

const locationResponse = { header: Nullable(Type.String()), pointer: Nullable(Type.String()) };
const SourceFields = {
  id: Type.String(),
  name: Type.String(),
  scheme: Type.Enum([...SCHEMES]),
  url: Type.String({ description: "The URL that the source sends its webhooks to." }),
  pause_status_url: Nullable(
    Type.String({
      description: "The URL that a source with the scheme jcs sends pause statuses to. Null for other schemes.",
    }),
  ),
  event_type: Type.Object({ ...locationResponse, prefix: Type.String(), fallback: Nullable(Type.String()) }),
  hmac: Nullable(
    Type.Object({
      header: Type.String(),
      algorithm: Type.Enum([...HMAC_ALGORITHMS]),
      encoding: Type.Enum([...SIGNATURE_ENCODINGS]),
      prefix: Type.String(),
      timestamp_header: Nullable(Type.String()),
      tolerance_seconds: Type.Integer(),
      template: Type.String(),
      delivery_id: Nullable(Type.Object(locationResponse)),
    }),
  ),
  basic: Nullable(Type.Object({ username: Type.String() })),
  previous_expires_at: Nullable(Time),
  created_at: Time,
  updated_at: Time,
};

export const SourceResponse = Type.Object(SourceFields, { title: "Source" });
export const CreatedSourceResponse = Type.Object(
  {
    ...SourceFields,
    secret: Type.Optional(
      Type.String({ description: "Present only if the server generated it. It is never shown again." }),
    ),
  },
  { title: "CreatedSource" },
);
export const RotateSourceResponse = Type.Object(
  { secret: Type.Optional(Type.String()), previous_expires_at: Time },
  { title: "RotatedSourceSecret" },
);

export const TrySourceResponse = Type.Object(
  {
    tried: Type.Integer(),
    would_verify: Type.Integer(),
    would_fail: Type.Array(Type.Object({ rejection_reason: Type.Enum([...REJECTIONS]), count: Type.Integer() })),
    explanation: Nullable(
      Type.String({ description: "With `event_id`: why the request would still fail. Null otherwise." }),
    ),
    more: Type.Boolean({ description: "Further requests were rejected in the meantime." }),
  },
  { title: "SourceTrialResult" },
);

export function trialJson(output: Extract<TrialOutput, { kind: "tried" }>): Static<typeof TrySourceResponse> {
  const failed = [...output.failed].map(([rejection_reason, count]) => ({ rejection_reason, count }));
  return {
    tried: failed.reduce((sum, { count }) => sum + count, output.verified),
    would_verify: output.verified,
    would_fail: failed.sort((a, b) => b.count - a.count),
    explanation: output.explanation,
    more: output.more,
  };
}

/** What a source's JSON depends on besides the source. */
export interface SourceContext {
  /** Without a trailing slash. */
  readonly publicUrl: string;
  readonly now: number;
}

export function sourceJson(source: Source, { publicUrl, now }: SourceContext): Static<typeof SourceResponse> {
  const { previousSecret } = source;
  const expiresAt = previousSecret !== null && now < previousSecret.until ? previousSecret.until : null;
  return {
    id: ID_PREFIX.source + source.id,
    name: source.name,
    scheme: source.scheme,
    url: `${publicUrl}/in/${ID_PREFIX.source}${source.id}`,
    pause_status_url: source.scheme === "jcs" ? `${publicUrl}/api/v1/webhooks/pause-status` : null,
    event_type: eventTypeJson(source.eventType),
    hmac: source.hmac === null ? null : hmacJson(source.hmac),
    basic: source.basic === null ? null : basicJson(source.basic),
    previous_expires_at: wholeSecondsOrNull(expiresAt),
    created_at: wholeSeconds(source.createdAt),
    updated_at: wholeSeconds(source.updatedAt),
  };
}

function eventTypeJson({ place, prefix, fallback }: EventTypeRule) {
  return { ...locationJson(place), prefix, fallback };
}

function hmacJson(options: HmacOptions) {
  return {
    header: options.header,
    algorithm: options.algorithm,
    encoding: options.encoding,
    prefix: options.prefix,
    timestamp_header: options.timestampHeader,
    tolerance_seconds: options.toleranceSeconds,
    template: options.template,
    delivery_id: options.deliveryId === null ? null : locationJson(options.deliveryId),
  };
}

function basicJson({ username }: BasicOptions) {
  return { username };
}

function locationJson(place: ValuePlace | null) {
  return {
    header: place?.from === "header" ? place.name : null,
    pointer: place?.from === "pointer" ? place.pointer : null,
  };
}
