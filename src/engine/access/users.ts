/** Users who sign in: listed, added, disabled, and given a new password. */
import type { Role } from "../../domain/access/access.ts";
import type { Seq, Uuid } from "../../domain/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AccessVerbs, UserRow } from "../../ports/store.ts";
import { hashPassword } from "./passwords.ts";

export interface NewUserInput {
  readonly tenantSeq: Seq;
  readonly email: string;
  readonly role: Role;
  /** Null: a password is generated. */
  readonly password: string | null;
}

type UserVerbs = Pick<AccessVerbs, "createUser" | "listUsers" | "findUser" | "setUserDisabled" | "resetPassword">;

const PASSWORD_RANDOM_BYTES = 15;

/** A password that nobody has to remember: 20 characters, 120 random bits. */
export function generatePassword(clock: Pick<Clock, "randomBase64">): string {
  return clock.randomBase64(PASSWORD_RANDOM_BYTES);
}

export class Users {
  readonly #store: UserVerbs;
  readonly #clock: Clock;

  constructor(store: UserVerbs, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  list(tenantSeq: Seq): Promise<readonly UserRow[]> {
    return this.#store.listUsers(tenantSeq);
  }

  find(email: string): Promise<UserRow | null> {
    return this.#store.findUser(email);
  }

  /**
   * Add a user.
   *
   * @returns the user and the generated password, which is shown only once; null when the e-mail address is taken
   */
  async add({ tenantSeq, email, role, password }: NewUserInput) {
    const generated = password === null ? generatePassword(this.#clock) : null;
    const passwordHash = await hashPassword(password ?? generated ?? "");
    const user = await this.#store.createUser({
      tenantSeq,
      user: { id: this.#clock.uuid(), email, role, passwordHash },
      now: this.#clock.now(),
    });
    return user === null ? null : { user, generated };
  }

  /** Disabling ends the user's sessions. Null: there is no such user. */
  setDisabled(id: Uuid, disabled: boolean): Promise<UserRow | null> {
    return this.#store.setUserDisabled({ id, disabled, now: this.#clock.now() });
  }

  /** Ends the user's sessions. Null: there is no such user. */
  async resetPassword(id: Uuid, password: string | null): Promise<{ readonly generated: string | null } | null> {
    const generated = password === null ? generatePassword(this.#clock) : null;
    const passwordHash = await hashPassword(password ?? generated ?? "");
    const isReset = await this.#store.resetPassword({ id, passwordHash, now: this.#clock.now() });
    return isReset ? { generated } : null;
  }
}
