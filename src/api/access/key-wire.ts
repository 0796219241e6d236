/** `/v1/auth/keys` on the wire. */
import Type, { type Static } from "typebox";
import { AGENT_SCOPES, AGENT_SCOPES_DEFAULT } from "../../domain/access/access.ts";
import { type EpochMs, ID_PREFIX } from "../../domain/ids.ts";
import { KEY_NAME_CHARS_MAX, LIST_PAGE_MAX } from "../../domain/limits.ts";
import { parseTime, wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import type { CreatedKey, CreateKeyInput } from "../../engine/access/access-types.ts";
import type { KeyRow } from "../../ports/store.ts";
import { listOf, NextPageFields } from "../lists/pages.ts";
import { type Checked, checker } from "../schema/check.ts";
import { NameText, Nullable, RoleName, Time } from "../schema/schemas.ts";

const Scopes = Type.Array(Type.Enum([...AGENT_SCOPES], { title: "AgentScope" }), {
  minItems: 1,
  maxItems: AGENT_SCOPES.length,
});

export const CreateKeyBody = Type.Object(
  {
    name: NameText(KEY_NAME_CHARS_MAX),
    role: Type.Optional(RoleName),
    scopes: Type.Optional(
      Nullable({
        ...Scopes,
        default: [...AGENT_SCOPES_DEFAULT],
        description:
          "What an agent may do; only for the role `agent`. `ask`: ask people. `read`: read deliveries and explain them. " +
          "`operate`: publish, test, retry and replay.",
      }),
    ),
    test: Type.Optional(
      Type.Boolean({ default: false, description: "Creates an sb_test_ key. Pauses created with it notify nobody." }),
    ),
    expires_at: Type.Optional(
      Nullable(
        Type.String({
          format: "date-time",
          description: "In the future. From then on the key is refused. By default, a key never expires.",
        }),
      ),
    ),
  },
  { title: "KeyInput", additionalProperties: false, examples: [{ name: "checkout service", role: "developer" }] },
);
const checkCreateKey = checker(CreateKeyBody);

/** @param now a key cannot expire in the past */
export function parseCreateKey(body: unknown, now: EpochMs): Checked<CreateKeyInput> {
  const checked = checkCreateKey(body);
  if (checked.kind === "faults") return checked;
  const { name, role = "developer", test = false, expires_at: expires, scopes } = checked.value;
  if (scopes != null && role !== "agent") {
    return { kind: "faults", faults: [{ field: "scopes", rule: "must be left out unless the role is agent" }] };
  }
  const expiresAt = expires == null ? null : parseTime(expires);
  if (expiresAt !== null && expiresAt <= now) {
    return { kind: "faults", faults: [{ field: "expires_at", rule: "must be in the future" }] };
  }
  // In the fixed order, each once.
  const chosen = scopes == null ? {} : { scopes: AGENT_SCOPES.filter((scope) => scopes.includes(scope)) };
  return { kind: "ok", value: { name, role, test, expiresAt, ...chosen } };
}

const DAY_MS = 86_400_000;

const ApiKey = Type.String({ description: "It is never shown again." });
export const GrantedScopes = Nullable({
  ...Scopes,
  description: "What an agent may do. Null unless the role is `agent`.",
});
export const CreatedKeyResponse = Type.Object(
  {
    id: Type.String(),
    api_key: ApiKey,
    name: Type.String(),
    role: RoleName,
    scopes: GrantedScopes,
    created_at: Time,
    expires_at: Nullable(Time),
  },
  { title: "CreatedKey" },
);
export const RotatedKeyResponse = Type.Object({ api_key: ApiKey }, { title: "RotatedKey" });
export const IdleDays = Nullable(
  Type.Integer({ description: "The key ends when it was not used for so many days. Null if it need not be used." }),
);
const KeyResponse = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    role: RoleName,
    scopes: GrantedScopes,
    test: Type.Boolean(),
    created_at: Time,
    created_by: Nullable(
      Type.String({ description: "`key_…` or `usr_…`. Null for a key from the first start or the command line." }),
    ),
    expires_at: Nullable(Time),
    idle_days: IdleDays,
    last_used_at: Nullable(
      Type.String({ format: "date-time", description: "Accurate to an hour. Null if the key was never used." }),
    ),
  },
  { title: "Key" },
);
export const KeysResponse = Type.Object(
  {
    keys: Type.Array(KeyResponse),
    ...NextPageFields,
  },
  { title: "KeyPage" },
);

export const KEY_LIST = listOf("keys", { limitMax: LIST_PAGE_MAX, filters: {} });

export function createdKeyJson({ row, apiKey }: CreatedKey): Static<typeof CreatedKeyResponse> {
  return {
    id: ID_PREFIX.key + row.id,
    api_key: apiKey,
    name: row.name,
    role: row.role,
    scopes: row.scopes === null ? null : [...row.scopes],
    created_at: wholeSeconds(row.createdAt),
    expires_at: wholeSecondsOrNull(row.expiresAt),
  };
}

export function keyJson(row: KeyRow): Static<typeof KeyResponse> {
  return {
    id: ID_PREFIX.key + row.id,
    name: row.name,
    role: row.role,
    scopes: row.scopes === null ? null : [...row.scopes],
    test: row.test,
    created_at: wholeSeconds(row.createdAt),
    created_by: row.createdBy === null ? null : ID_PREFIX[row.createdBy.kind] + row.createdBy.id,
    expires_at: wholeSecondsOrNull(row.expiresAt),
    idle_days: idleDays(row),
    last_used_at: wholeSecondsOrNull(row.usedAt),
  };
}

export function idleDays({ idleMs }: KeyRow): number | null {
  return idleMs === null ? null : idleMs / DAY_MS;
}
