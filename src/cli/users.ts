/** `signalbox admin users`. */
import { passwordFault, USER_ROLES } from "../domain/access/access.ts";
import { ID_PREFIX } from "../domain/ids.ts";
import { wholeSeconds, wholeSecondsOrNull } from "../domain/text/time.ts";
import type { Users } from "../engine/access/users.ts";
import type { Cursor, Tenant, UserPage, UserRow } from "../ports/store.ts";
import {
  type Command,
  type CommandContext,
  type CommandOutcome,
  type Fields,
  failed,
  type Option,
  type Run,
} from "./command.ts";
import { ANY_TENANT, allTenants, chooseTenants, ONE_TENANT, operatorIn } from "./tenant-choice.ts";

const group = "users";
const PASSWORD_STDIN: Option = {
  value: null,
  about: "read the password from standard input; by default, one is generated and shown once",
};

export const USER_COMMANDS: readonly Command[] = [
  {
    group,
    action: "list",
    operand: null,
    options: { tenant: ANY_TENANT },
    about: "list the users, including disabled ones",
    prepare(args) {
      const named = args.optional("tenant");
      return async ({ store, users }) => {
        const chosen = await chooseTenants(store, named);
        if ("fault" in chosen) return { kind: "failed", failure: chosen.fault };
        const rows: Fields[] = [];
        for (const tenant of chosen.tenants) {
          for (const user of await allUsers(users, tenant)) rows.push(userFields(user, tenant));
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
      email: { value: "EMAIL", about: "the address that the user signs in with", required: true },
      role: { value: "ROLE", about: "viewer, developer, org_admin or global_admin", required: true },
      tenant: ONE_TENANT,
      "password-stdin": PASSWORD_STDIN,
    },
    about: "create a user",
    prepare(args) {
      const [email, role] = [args.email(), args.role(USER_ROLES)];
      const named = args.optional("tenant");
      const readsPassword = args.flag("password-stdin");
      return async (context) => {
        const chosen = await chooseTenants(context.store, named);
        if ("fault" in chosen) return { kind: "failed", failure: chosen.fault };
        const [tenant] = chosen.tenants;
        return withPassword(context, readsPassword, async (password) => {
          const added = await context.users.add({ ...operatorIn(tenant), email, role, password });
          if (added.kind === "emailTaken") return failed("conflict", `the user ${email} already exists`);
          if (added.kind === "tooMany") return failed("conflict", "the tenant has the maximum number of users");
          return passwordOutcome(userFields(added.user, tenant), added.generated);
        });
      };
    },
  },
  {
    group,
    action: "disable",
    operand: "EMAIL",
    options: {},
    about: "disable a user and end the user's sessions",
    prepare: (args) => setDisabled(args.knownEmail(), true),
  },
  {
    group,
    action: "enable",
    operand: "EMAIL",
    options: {},
    about: "let a disabled user sign in again",
    prepare: (args) => setDisabled(args.knownEmail(), false),
  },
  {
    group,
    action: "reset-password",
    operand: "EMAIL",
    options: { "password-stdin": PASSWORD_STDIN },
    about: "set a new password for a user and end the user's sessions",
    prepare(args) {
      const email = args.knownEmail();
      const readsPassword = args.flag("password-stdin");
      return (context) =>
        withUser(context, email, (user, tenant) =>
          withPassword(context, readsPassword, async (password) => {
            const reset = await context.users.resetPassword(user.id, password);
            if (reset === null) return noSuchUser(email);
            return passwordOutcome(userFields(user, tenant), reset.generated);
          }),
        );
    },
  },
];

const PAGE_ROWS = 1000;

async function allUsers(users: Users, tenant: Tenant): Promise<UserRow[]> {
  const rows: UserRow[] = [];
  let cursor: Cursor | null = null;
  do {
    const page: UserPage = await users.list({ tenantSeq: tenant.seq }, cursor, PAGE_ROWS);
    rows.push(...page.users);
    cursor = page.next;
  } while (cursor !== null);
  return rows;
}

function setDisabled(email: string, disabled: boolean): Run {
  return (context) =>
    withUser(context, email, async ({ id }, tenant) => {
      const changed = await context.users.setDisabled(id, disabled);
      return changed === null ? noSuchUser(email) : { kind: "one", fields: userFields(changed, tenant) };
    });
}

async function withUser(
  { store, users }: CommandContext,
  email: string,
  run: (user: UserRow, tenant: Tenant) => Promise<CommandOutcome>,
): Promise<CommandOutcome> {
  const user = await users.find(email);
  const tenant = (await allTenants(store)).find(({ seq }) => seq === user?.tenantSeq);
  return user === null || tenant === undefined ? noSuchUser(email) : run(user, tenant);
}

function noSuchUser(email: string): CommandOutcome {
  return failed("missing", `there is no user ${email}; \`admin users list\` shows all users`);
}

/**
 * Run with the password from standard input, or with null to have one generated. The shell adds a line break at the
 * end, which is removed.
 */
async function withPassword(
  { readInput }: CommandContext,
  isRead: boolean,
  run: (password: string | null) => Promise<CommandOutcome>,
): Promise<CommandOutcome> {
  if (!isRead) return run(null);
  const password = (await readInput()).replace(/\r?\n$/, "");
  const fault = passwordFault(password);
  return fault === null ? run(password) : failed("usage", `the password on standard input ${fault}`);
}

/** Only a generated password is shown. */
function passwordOutcome(fields: Fields, generated: string | null): CommandOutcome {
  return generated === null
    ? { kind: "one", fields }
    : { kind: "one", fields: { ...fields, password: generated }, secret: "password" };
}

function userFields({ id, email, role, createdAt, disabledAt }: UserRow, tenant: Tenant): Fields {
  return {
    id: ID_PREFIX.user + id,
    email,
    role,
    tenant: ID_PREFIX.tenant + tenant.id,
    created_at: wholeSeconds(createdAt),
    disabled_at: wholeSecondsOrNull(disabledAt),
  };
}
