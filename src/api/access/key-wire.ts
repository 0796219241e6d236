/** `/v1/auth/keys` on the wire. */
import Type, { type Static } from "typebox";
import { type EpochMs, ID_PREFIX } from "../../domain/ids.ts";
import { LIST_PAGE_MAX } from "../../domain/limits.ts";
import { parseTime, wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import type { CreatedKey, CreateKeyInput } from "../../engine/access/access-types.ts";
import type { KeyRow } from "../../ports/store.ts";
import { listOf, NextPageFields } from "../lists/pages.ts";
import { type Checked, checker } from "../schema/check.ts";
import { NameText, Nullable, RoleName, Time } from "../schema/schemas.ts";

export const CreateKeyBody = Type.Object(
  {
    name: NameText,
    role: Type.Optional(RoleName),
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
  const { name, role = "developer", test = false, expires_at: expires } = checked.value;
  const expiresAt = expires == null ? null : parseTime(expires);
  if (expiresAt !== null && expiresAt <= now) {
    return { kind: "faults", faults: [{ field: "expires_at", rule: "must be in the future" }] };
  }
  return { kind: "ok", value: { name, role, test, expiresAt } };
}

const DAY_MS = 86_400_000;

const ApiKey = Type.String({ description: "It is never shown again." });
export const CreatedKeyResponse = Type.Object(
  {
    id: Type.String(),
    api_key: ApiKey,
    name: Type.String(),
    role: RoleName,
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
    created_at: wholeSeconds(row.createdAt),
    expires_at: wholeSecondsOrNull(row.expiresAt),
  };
}

export function keyJson(row: KeyRow): Static<typeof KeyResponse> {
  return {
    id: ID_PREFIX.key + row.id,
    name: row.name,
    role: row.role,
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
