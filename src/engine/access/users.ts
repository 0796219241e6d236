/** People who may log in: made, disabled, given another password. */
import type { Role } from "../../domain/access/access.ts";
import type { Seq, Uuid } from "../../domain/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AccessVerbs, UserRow } from "../../ports/store.ts";
import { hashPassword } from "./passwords.ts";

export interface NewUserInput {
  readonly tenantSeq: Seq;
  readonly email: string;
  readonly role: Role;
  /** Null: one is made. */
  readonly password: string | null;
}

export interface Users {
  list(tenantSeq: Seq): Promise<readonly UserRow[]>;
  find(email: string): Promise<UserRow | null>;
  /** Null: there is a user with this e-mail address. `generated`: the password that was made, never shown again. */
  add(input: NewUserInput): Promise<{ readonly user: UserRow; readonly generated: string | null } | null>;
  /** Disabling ends the user's sessions. Null: there is no such user. */
  setDisabled(id: Uuid, disabled: boolean): Promise<UserRow | null>;
  /** Ends the user's sessions. Null: there is no such user. */
  resetPassword(id: Uuid, password: string | null): Promise<{ readonly generated: string | null } | null>;
}

const PASSWORD_RANDOM_BYTES = 15;

/** A password that nobody has to remember: 20 characters, 120 random bits. */
export function makePassword(clock: Pick<Clock, "randomBase64">): string {
  return clock.randomBase64(PASSWORD_RANDOM_BYTES);
}

type UserVerbs = Pick<AccessVerbs, "createUser" | "listUsers" | "findUser" | "setUserDisabled" | "resetPassword">;

export function createUsers(store: UserVerbs, clock: Clock): Users {
  return {
    list: (tenantSeq) => store.listUsers(tenantSeq),
    find: (email) => store.findUser(email),
    async add({ tenantSeq, email, role, password }) {
      const generated = password === null ? makePassword(clock) : null;
      const passwordHash = await hashPassword(password ?? generated ?? "");
      const user = await store.createUser({
        tenantSeq,
        user: { id: clock.uuid(), email, role, passwordHash },
        now: clock.now(),
      });
      return user === null ? null : { user, generated };
    },
    setDisabled: (id, disabled) => store.setUserDisabled({ id, disabled, now: clock.now() }),
    async resetPassword(id, password) {
      const generated = password === null ? makePassword(clock) : null;
      const passwordHash = await hashPassword(password ?? generated ?? "");
      return (await store.resetPassword({ id, passwordHash, now: clock.now() })) ? { generated } : null;
    },
  };
}
