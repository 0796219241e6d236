/** `signalbox users`. */
import { passwordFault } from "../domain/access/access.ts";
import { ID_PREFIX } from "../domain/ids.ts";
import { wholeSeconds, wholeSecondsOrNull } from "../domain/text/time.ts";
import type { Tenant, UserRow } from "../ports/store.ts";
import { type Command, type Deed, type Desk, type Fields, failed, type Option, type Outcome } from "./command.ts";
import { ANY_TENANT, allTenants, chooseTenants, ONE_TENANT } from "./tenant-choice.ts";

const group = "users";
const PASSWORD_STDIN: Option = {
  value: null,
  about: "read the password from standard input; without it, one is made and shown once",
};

export const USER_COMMANDS: readonly Command[] = [
  {
    group,
    action: "list",
    operand: null,
    options: { tenant: ANY_TENANT },
    about: "list the users, the disabled ones too",
    prepare(given) {
      const named = given.optional("tenant");
      return async ({ store, users }) => {
        const chosen = await chooseTenants(store, named);
        if ("fault" in chosen) return failed(chosen.fault);
        const rows: Fields[] = [];
        for (const tenant of chosen.tenants) {
          const found = await users.list(tenant.seq);
          rows.push(...found.map((user) => userFields(user, tenant)));
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
      email: { value: "EMAIL", about: "what the user logs in with", required: true },
      role: { value: "ROLE", about: "developer, org_admin or global_admin", required: true },
      tenant: ONE_TENANT,
      "password-stdin": PASSWORD_STDIN,
    },
    about: "make a user",
    prepare(given) {
      const [email, role] = [given.email(), given.role()];
      const named = given.optional("tenant");
      const readsPassword = given.flag("password-stdin");
      return async (desk) => {
        const chosen = await chooseTenants(desk.store, named);
        if ("fault" in chosen) return failed(chosen.fault);
        const [tenant] = chosen.tenants;
        return withPassword(desk, readsPassword, async (password) => {
          const added = await desk.users.add({ tenantSeq: tenant.seq, email, role, password });
          if (added === null) return failed(`there is already a user ${email}`);
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
    about: "end a user's sessions and let nobody log in as this user",
    prepare: (given) => setDisabled(given.knownEmail(), true),
  },
  {
    group,
    action: "enable",
    operand: "EMAIL",
    options: {},
    about: "let a disabled user log in again",
    prepare: (given) => setDisabled(given.knownEmail(), false),
  },
  {
    group,
    action: "reset-password",
    operand: "EMAIL",
    options: { "password-stdin": PASSWORD_STDIN },
    about: "give a user another password and end the user's sessions",
    prepare(given) {
      const email = given.knownEmail();
      const readsPassword = given.flag("password-stdin");
      return (desk) =>
        withUser(desk, email, (user, tenant) =>
          withPassword(desk, readsPassword, async (password) => {
            const reset = await desk.users.resetPassword(user.id, password);
            if (reset === null) return noSuchUser(email);
            return passwordOutcome(userFields(user, tenant), reset.generated);
          }),
        );
    },
  },
];

function setDisabled(email: string, disabled: boolean): Deed {
  return (desk) =>
    withUser(desk, email, async ({ id }, tenant) => {
      const changed = await desk.users.setDisabled(id, disabled);
      return changed === null ? noSuchUser(email) : { kind: "one", fields: userFields(changed, tenant) };
    });
}

async function withUser(
  { store, users }: Desk,
  email: string,
  run: (user: UserRow, tenant: Tenant) => Promise<Outcome>,
): Promise<Outcome> {
  const user = await users.find(email);
  const tenant = (await allTenants(store)).find(({ seq }) => seq === user?.tenantSeq);
  return user === null || tenant === undefined ? noSuchUser(email) : run(user, tenant);
}

function noSuchUser(email: string): Outcome {
  return failed(`there is no user ${email}; \`users list\` shows them`);
}

/** Null: one is to be made. A line break at the end is the shell's, not the password's. */
async function withPassword(
  { readInput }: Desk,
  isRead: boolean,
  run: (password: string | null) => Promise<Outcome>,
): Promise<Outcome> {
  if (!isRead) return run(null);
  const password = (await readInput()).replace(/\r?\n$/, "");
  const fault = passwordFault(password);
  return fault === null ? run(password) : failed(`the password on standard input ${fault}`);
}

/** A password that was given is not repeated. */
function passwordOutcome(fields: Fields, generated: string | null): Outcome {
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
