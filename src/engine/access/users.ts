/** Users who sign in: listed, added, changed, disabled, and given a new password. */
import type { Actor, Role } from "../../domain/access/access.ts";
import { SESSION_TOKEN_RANDOM_BYTES } from "../../domain/access/session.ts";
import type { Seq, Uuid } from "../../domain/ids.ts";
import { PASSWORD_LINK_MS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AccessVerbs, Cursor, PasswordLink, PatchUserResult, UserPage, UserRow } from "../../ports/store.ts";
import type { Caller } from "./caller.ts";
import { hashPassword, NO_PASSWORD } from "./passwords.ts";
import { hashToken } from "./sessions.ts";
import type {
  CreateUserInput,
  CreateUserOutput,
  LinkOutput,
  NewLink,
  PatchUserInput,
  UserService,
} from "./user-types.ts";

export interface NewUserInput {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly email: string;
  readonly role: Role;
  /** Null: a password is generated. */
  readonly password: string | null;
}

type UserVerbs = Pick<
  AccessVerbs,
  "createUser" | "listUsers" | "findUser" | "patchUser" | "linkUser" | "setUserDisabled" | "resetPassword"
>;

const PASSWORD_RANDOM_BYTES = 15;

/** A password that nobody has to remember: 20 characters, 120 random bits. */
export function generatePassword(clock: Pick<Clock, "randomBase64">): string {
  return clock.randomBase64(PASSWORD_RANDOM_BYTES);
}

export class Users implements UserService {
  readonly #store: UserVerbs;
  readonly #clock: Clock;
  readonly #onChanged: () => void;

  /** @param onChanged a user's role changed, or sessions ended */
  constructor(store: UserVerbs, clock: Clock, onChanged = (): void => {}) {
    this.#store = store;
    this.#clock = clock;
    this.#onChanged = onChanged;
  }

  list({ tenantSeq }: Pick<Caller, "tenantSeq">, cursor: Cursor | null, limit: number): Promise<UserPage> {
    return this.#store.listUsers(tenantSeq, cursor, limit);
  }

  async create({ actor, tenantSeq }: Caller, { email, role }: CreateUserInput): Promise<CreateUserOutput> {
    const { link, stored } = this.#newLink();
    const user = { id: this.#clock.uuid(), email, role, passwordHash: NO_PASSWORD };
    const result = await this.#store.createUser({ actor, tenantSeq, user, link: stored, now: this.#clock.now() });
    return result.kind === "created" ? { kind: "created", user: result.user, link } : result;
  }

  async patch({ actor, tenantSeq }: Caller, id: Uuid, input: PatchUserInput): Promise<PatchUserResult> {
    const result = await this.#store.patchUser({ actor, tenantSeq, id, ...input, now: this.#clock.now() });
    if (result.kind === "patched") this.#onChanged();
    return result;
  }

  async link({ actor, tenantSeq }: Caller, id: Uuid): Promise<LinkOutput> {
    const { link, stored } = this.#newLink();
    const result = await this.#store.linkUser({ actor, tenantSeq, id, link: stored, now: this.#clock.now() });
    return result.kind === "linked" ? { kind: "linked", link } : result;
  }

  #newLink(): { readonly link: NewLink; readonly stored: PasswordLink } {
    const token = this.#clock.randomHex(SESSION_TOKEN_RANDOM_BYTES);
    const until = this.#clock.now() + PASSWORD_LINK_MS;
    return { link: { token, until }, stored: { hash: hashToken(token), until } };
  }

  find(email: string): Promise<UserRow | null> {
    return this.#store.findUser(email);
  }

  /**
   * Create a user.
   *
   * @returns the user and the generated password, which is shown only once
   */
  async add({ actor, tenantSeq, email, role, password }: NewUserInput) {
    const generated = password === null ? generatePassword(this.#clock) : null;
    const passwordHash = await hashPassword(password ?? generated ?? "");
    const result = await this.#store.createUser({
      actor,
      tenantSeq,
      user: { id: this.#clock.uuid(), email, role, passwordHash },
      link: null,
      now: this.#clock.now(),
    });
    return result.kind === "created" ? { kind: "created" as const, user: result.user, generated } : result;
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
