/** People who sign in. Passwords are checked one at a time, and sessions are cached until any session ends. */
import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { isLive, SESSION_TOKEN_PATTERN, SESSION_TOKEN_RANDOM_BYTES, sessionEnd } from "../../domain/access/session.ts";
import {
  CREDENTIAL_CACHE_MAX,
  entriesMax,
  PASSWORD_CHECKS_WAITING_COUNT_MAX,
  PASSWORD_FRESH_MS,
  SESSION_USE_RECORDED_MS,
  USER_AGENT_CHARS_MAX,
} from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SessionRow, SessionView, Store, UserCredentials } from "../../ports/store.ts";
import { SerialQueue } from "../scheduling/serial-queue.ts";
import { BadPasswords, type PasswordAttempt } from "./bad-passwords.ts";
import { hashPassword, verifyPassword } from "./passwords.ts";
import type {
  ChangePasswordInput,
  ChangePasswordOutput,
  ConfirmOutput,
  ListedSession,
  PasswordInput,
  Session,
  SessionService,
  SetPasswordInput,
  SetPasswordOutput,
  SignInInput,
  SignInOutput,
  TooManyTries,
} from "./session-types.ts";

export interface SessionsOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** A session may have ended: whatever was opened with a session has to be opened again. */
  readonly onSessionsChanged: () => void;
}

type PasswordCheck =
  | { readonly kind: "right"; readonly user: UserCredentials }
  | { readonly kind: "wrong" }
  | TooManyTries;

/** A cached session. Its use is noted here first, and in the store once per `SESSION_USE_RECORDED_MS`. */
type CachedSession = { -readonly [Field in keyof SessionRow]: SessionRow[Field] };

/** The result while too many passwords wait to be checked. */
const BUSY: TooManyTries = { kind: "tooMany", retryAfterSeconds: 5 };

const INVALID_LINK = { kind: "invalidLink" } as const;

export class Sessions implements SessionService {
  readonly #options: SessionsOptions;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #cache = new LRUCache<string, CachedSession>(entriesMax(CREDENTIAL_CACHE_MAX));
  /** When each session's user last typed the password, in monotonic milliseconds. Forgotten: it must be typed again. */
  readonly #typedAt = new LRUCache<string, number>(entriesMax(CREDENTIAL_CACHE_MAX));
  /** Counts changes. A lookup that began before a change is not cached. */
  #changes = 0;
  readonly #badPasswords: BadPasswords;
  // One at a time: each check takes 19 MiB and a core, and concurrent attempts cannot get past the limits.
  readonly #passwordQueue = new SerialQueue(PASSWORD_CHECKS_WAITING_COUNT_MAX);

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#clock = options.clock;
    this.#badPasswords = new BadPasswords(() => options.clock.monotonicMs());
  }

  /** Another process changed users or sessions. */
  forget(): void {
    this.#changes += 1;
    this.#cache.clear();
    this.#options.onSessionsChanged();
  }

  async signIn({ email, password, address, userAgent, replaces }: SignInInput): Promise<SignInOutput> {
    const check = await this.#checkPassword({ email, address }, password);
    if (check.kind !== "right") return check;
    const { user } = check;
    const token = this.#clock.randomHex(SESSION_TOKEN_RANDOM_BYTES);
    const now = this.#clock.now();
    const created = await this.#store.createSession({
      session: {
        hash: hashToken(token),
        userId: user.id,
        expiresAt: sessionEnd(now),
        address,
        userAgent: userAgent?.slice(0, USER_AGENT_CHARS_MAX) ?? null,
      },
      passwordHash: user.passwordHash,
      replaces: replaces === null ? null : hashToken(replaces),
      now,
    });
    if (!created) return { kind: "wrong" }; // during the check, the password changed or the user was disabled
    if (replaces !== null) this.forget();
    this.#typedAt.set(hashToken(token), this.#clock.monotonicMs());
    return { kind: "signedIn", token, email: user.email, role: user.role };
  }

  async authenticate(token: string): Promise<Session | null> {
    if (!SESSION_TOKEN_PATTERN.test(token)) return null;
    const tokenHash = hashToken(token);
    const session = await this.#find(tokenHash);
    if (session === null) return null;
    this.#recordUse(tokenHash, session);
    return { actor: session.actor, email: session.email, hash: tokenHash };
  }

  async isValid(session: Session): Promise<boolean> {
    return (await this.#find(session.hash)) !== null;
  }

  async logout(session: Session): Promise<void> {
    await this.#store.endSession(session.hash, this.#clock.now());
    this.forget();
  }

  async changePassword(session: Session, input: ChangePasswordInput): Promise<ChangePasswordOutput> {
    const { currentPassword, newPassword, address } = input;
    const check = await this.#checkPassword({ email: session.email, address }, currentPassword);
    if (check.kind !== "right") return check;
    const { user } = check;
    const to = await this.#passwordQueue.run(() => hashPassword(newPassword));
    if (to === null) return BUSY;
    const request = { userId: user.id, from: user.passwordHash, to, keep: session.hash, now: this.#clock.now() };
    const changed = await this.#store.changePassword(request);
    this.forget();
    return { kind: changed ? "changed" : "wrong" };
  }

  async setPassword({ token, newPassword }: SetPasswordInput): Promise<SetPasswordOutput> {
    const linkHash = SESSION_TOKEN_PATTERN.test(token) ? hashToken(token) : null;
    // Hashing takes 19 MiB and a core, so that only a valid link may ask for it.
    if (linkHash === null || !(await this.#store.isPasswordLink(linkHash, this.#clock.now()))) return INVALID_LINK;
    const passwordHash = await this.#passwordQueue.run(() => hashPassword(newPassword));
    if (passwordHash === null) return BUSY;
    const isSet = await this.#store.usePasswordLink({ hash: linkHash, passwordHash, now: this.#clock.now() });
    this.forget();
    return isSet ? { kind: "changed" } : INVALID_LINK;
  }

  async list(session: Session): Promise<readonly ListedSession[]> {
    return (await this.#live(session)).map(({ hash: sessionHash, ...view }) => ({
      ...view,
      id: idOf(sessionHash),
      isCurrent: sessionHash === session.hash,
    }));
  }

  async end(session: Session, id: string | null): Promise<number> {
    const now = this.#clock.now();
    const ending = (await this.#live(session)).filter((one) =>
      id === null ? one.hash !== session.hash : idOf(one.hash) === id,
    );
    await Promise.all(ending.map((one) => this.#store.endSession(one.hash, now)));
    if (ending.length > 0) this.forget();
    return ending.length;
  }

  async #live({ actor }: Session): Promise<readonly SessionView[]> {
    const now = this.#clock.now();
    return (await this.#store.listSessions(actor.id)).filter((view) => isLive(view, now));
  }

  async confirm(session: Session, { password, address }: PasswordInput): Promise<ConfirmOutput> {
    if (password === null) {
      const typedAt = this.#typedAt.get(session.hash) ?? Number.NEGATIVE_INFINITY;
      const isFresh = this.#clock.monotonicMs() - typedAt <= PASSWORD_FRESH_MS;
      return { kind: isFresh ? "confirmed" : "passwordRequired" };
    }
    const check = await this.#checkPassword({ email: session.email, address }, password);
    if (check.kind === "wrong") return { kind: "wrongPassword" };
    if (check.kind === "tooMany") return check;
    this.#typedAt.set(session.hash, this.#clock.monotonicMs());
    return { kind: "confirmed" };
  }

  async #checkPassword(attempt: PasswordAttempt, password: string): Promise<PasswordCheck> {
    // A blocked attempt takes no place in the queue. An attempt may become blocked while it waits.
    const refused = this.#refusal(attempt);
    if (refused !== null) return refused;
    const check = this.#passwordQueue.run(
      async () => this.#refusal(attempt) ?? (await this.#verifyPassword(attempt, password)),
    );
    return check ?? BUSY;
  }

  #refusal(attempt: PasswordAttempt): TooManyTries | null {
    const waitMs = this.#badPasswords.waitMs(attempt);
    return waitMs === 0 ? null : { kind: "tooMany", retryAfterSeconds: Math.ceil(waitMs / 1000) };
  }

  async #verifyPassword(attempt: PasswordAttempt, password: string): Promise<PasswordCheck> {
    const user = await this.#store.findUserByEmail(attempt.email);
    const isRight = await verifyPassword(password, user?.passwordHash ?? null);
    if (user !== null && isRight) return { kind: "right", user };
    this.#badPasswords.record(attempt);
    return { kind: "wrong" };
  }

  async #find(tokenHash: string): Promise<CachedSession | null> {
    const session = this.#cache.get(tokenHash) ?? (await this.#lookUp(tokenHash));
    if (session === null || isLive(session, this.#clock.now())) return session;
    this.#cache.delete(tokenHash);
    return null;
  }

  async #lookUp(tokenHash: string): Promise<CachedSession | null> {
    const changesBefore = this.#changes;
    const row = await this.#store.findSession(tokenHash);
    // Concurrent lookups must share one cached session, because its use is noted in it.
    const cached = this.#cache.get(tokenHash);
    if (cached !== undefined) return cached;
    if (row !== null && this.#changes === changesBefore) this.#cache.set(tokenHash, row);
    return row;
  }

  /** Note the use of a session, without waiting for the store. If the store fails, the next use tries again. */
  #recordUse(tokenHash: string, session: CachedSession): void {
    const now = this.#clock.now();
    const before = session.seenAt;
    if (now - before < SESSION_USE_RECORDED_MS) return;
    session.seenAt = now;
    this.#store.recordSessionUse(tokenHash, now).catch(() => {
      session.seenAt = before;
    });
  }
}

const SESSION_ID_CHARS = 16;

/** Part of the token's hash, from which nobody can find the token. */
function idOf(sessionHash: string): string {
  return sessionHash.slice(0, SESSION_ID_CHARS);
}

/** Hexadecimal SHA-256 of a token. The store never sees the token itself. */
export function hashToken(token: string): string {
  return hash("sha256", token, "hex");
}
