/** `/v1/auth/keys` on the wire. */
import Type, { type Static } from "typebox";
import { ID_PREFIX } from "../../domain/ids.ts";
import { LIST_PAGE_MAX } from "../../domain/limits.ts";
import { wholeSeconds } from "../../domain/text/time.ts";
import type { CreatedKey } from "../../engine/access/access-types.ts";
import type { KeyRow } from "../../ports/store.ts";
import { listOf, NextPageFields } from "../lists/pages.ts";
import { checker } from "../schema/check.ts";
import { NameText, RoleName, Time } from "../schema/schemas.ts";

export const CreateKeyBody = Type.Object(
  {
    name: NameText,
    role: Type.Optional(RoleName),
    test: Type.Optional(
      Type.Boolean({ default: false, description: "Creates an sb_test_ key. Pauses created with it notify nobody." }),
    ),
  },
  { title: "KeyInput", additionalProperties: false, examples: [{ name: "checkout service", role: "developer" }] },
);
export const checkCreateKey = checker(CreateKeyBody);

const ApiKey = Type.String({ description: "It is never shown again." });
export const CreatedKeyResponse = Type.Object(
  {
    id: Type.String(),
    api_key: ApiKey,
    name: Type.String(),
    role: RoleName,
    created_at: Time,
  },
  { title: "CreatedKey" },
);
export const RotatedKeyResponse = Type.Object({ api_key: ApiKey }, { title: "RotatedKey" });
const KeyResponse = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    role: RoleName,
    test: Type.Boolean(),
    created_at: Time,
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
  };
}

export function keyJson(row: KeyRow): Static<typeof KeyResponse> {
  return {
    id: ID_PREFIX.key + row.id,
    name: row.name,
    role: row.role,
    test: row.test,
    created_at: wholeSeconds(row.createdAt),
  };
}
