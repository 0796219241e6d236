/** `signalbox admin keys`. */
import { AGENT_SCOPES, AGENT_SCOPES_DEFAULT, ROLES } from "../domain/access/access.ts";
import { ID_PREFIX } from "../domain/ids.ts";
import { wholeSeconds } from "../domain/text/time.ts";
import type { AccessService } from "../engine/access/access-types.ts";
import type { Cursor, KeyPage, KeyRow, Tenant } from "../ports/store.ts";
import { type Command, type Fields, failed } from "./command.ts";
import { ANY_TENANT, chooseTenants, ONE_TENANT, operatorIn } from "./tenant-choice.ts";

const group = "keys";

export const KEY_COMMANDS: readonly Command[] = [
  {
    group,
    action: "list",
    operand: null,
    options: { tenant: ANY_TENANT },
    about: "list the keys that are not revoked",
    prepare(args) {
      const named = args.optional("tenant");
      return async ({ store, access }) => {
        const chosen = await chooseTenants(store, named);
        if ("fault" in chosen) return { kind: "failed", failure: chosen.fault };
        const rows: Fields[] = [];
        for (const tenant of chosen.tenants) {
          for (const key of await allKeys(access, tenant)) rows.push(keyFields(key, tenant));
        }
        return { kind: "list", rows };
      };
    },
  },
  {
    group,
    action: "add",
    operand: null,
    options: {
      name: { value: "NAME", about: "a name that says what the key is for", required: true },
      role: { value: "ROLE", about: "agent, viewer, developer, org_admin or global_admin", required: true },
      scopes: {
        value: "SCOPES",
        about: `what an agent may do: ${AGENT_SCOPES.join(", ")}; ${AGENT_SCOPES_DEFAULT.join(",")} by default`,
      },
      tenant: ONE_TENANT,
      test: { value: null, about: "create an sb_test_ key, which sends no notifications" },
    },
    about: "create a key; it is shown only once",
    prepare(args) {
      const [name, role, scopes] = [args.name("name"), args.role(ROLES), args.scopes()];
      const input = { name, role, test: args.flag("test"), expiresAt: null, ...(scopes !== null && { scopes }) };
      const named = args.optional("tenant");
      return async ({ store, access }) => {
        const chosen = await chooseTenants(store, named);
        if ("fault" in chosen) return { kind: "failed", failure: chosen.fault };
        const [tenant] = chosen.tenants;
        const answer = await access.createKey(operatorIn(tenant), input);
        if (answer.kind === "quotaExceeded") {
          return failed(
            "conflict",
            `the tenant has reached its quota of ${answer.limit} keys; revoke some, or raise it with \`admin tenants set --keys N\``,
          );
        }
        return { kind: "one", fields: { ...keyFields(answer.row, tenant), api_key: answer.apiKey }, secret: "api_key" };
      };
    },
  },
  {
    group,
    action: "revoke",
    operand: "KEY_ID",
    options: {},
    about: "revoke a key; a running server refuses it within a second",
    prepare(args) {
      const id = args.keyId();
      return async ({ store, access }) => {
        const tenant = await store.findKeyTenant(id);
        const result = tenant === null ? "unknown" : await access.revokeKey(operatorIn(tenant), id);
        if (result === "lastAdmin") {
          return failed(
            "conflict",
            "this is the last key of role global_admin; create another one first with `admin keys add`",
          );
        }
        if (result !== "revoked") {
          return failed("missing", `there is no key ${ID_PREFIX.key}${id}, or it is already revoked`);
        }
        return { kind: "one", fields: { id: ID_PREFIX.key + id, revoked: true } };
      };
    },
  },
];

const PAGE_ROWS = 1000;

async function allKeys(access: AccessService, tenant: Tenant): Promise<KeyRow[]> {
  const keys: KeyRow[] = [];
  let cursor: Cursor | null = null;
  do {
    const page: KeyPage = await access.listKeys(operatorIn(tenant), cursor, PAGE_ROWS);
    keys.push(...page.keys);
    cursor = page.next;
  } while (cursor !== null);
  return keys;
}

function keyFields({ id, name, role, scopes, test, createdAt }: KeyRow, tenant: Tenant): Fields {
  return {
    id: ID_PREFIX.key + id,
    name,
    role,
    ...(scopes !== null && { scopes: scopes.join(",") }),
    test,
    tenant: ID_PREFIX.tenant + tenant.id,
    created_at: wholeSeconds(createdAt),
  };
}
