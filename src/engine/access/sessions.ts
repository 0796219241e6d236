/** People who sign in: passwords are checked in turn, sessions are looked up once and remembered until any of them ends. */
import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { isLive, SESSION_TOKEN_PATTERN, SESSION_TOKEN_RANDOM_BYTES, sessionEnd } from "../../domain/access/session.ts";
import { CREDENTIAL_CACHE_MAX, PASSWORD_CHECKS_WAITING_COUNT_MAX, SESSION_TOUCH_MS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SessionRow, Store, UserLogin } from "../../ports/store.ts";
import { SerialQueue } from "../scheduling/serial-queue.ts";
import { createBadPasswords, type Tried } from "./bad-passwords.ts";
import { hashPassword, verifyPassword } from "./passwords.ts";
import type { SessionService, TooManyTries } from "./session-service.ts";

export interface Sessions extends SessionService {
  /** Users or sessions were changed elsewhere. */
  forget(): void;
}

/** What is asked to wait who comes while too many passwords wait to be checked. */
const BUSY: TooManyTries = { kind: "tooMany", retryAfterSeconds: 5 };

/** A session as it is remembered: its use is noted here first. */
type Known = { -readonly [Field in keyof SessionRow]: SessionRow[Field] };

/** @param onChange called when a session may no longer be good: what it opened has to be opened again */
export function createSessions(store: Store, clock: Clock, onChange: () => void): Sessions {
  const known = new LRUCache<string, Known>({ max: CREDENTIAL_CACHE_MAX });
  /** Counts what changed, so that a lookup that began before a change is not remembered after it. */
  let changes = 0;
  const bad = createBadPasswords(clock.monotonicMs);
  // One at a time: each takes 19 MiB and a core, and the limits on bad ones are exact however many come at once.
  const checks = new SerialQueue(PASSWORD_CHECKS_WAITING_COUNT_MAX);

  function forget(): void {
    changes += 1;
    known.clear();
    onChange();
  }

  type Checked = { readonly kind: "right"; readonly user: UserLogin } | { readonly kind: "wrong" } | TooManyTries;

  async function check(tried: Tried, password: string): Promise<Checked> {
    // Those that must not try take no one's turn.
    return tooMany(tried) ?? checks.run(async () => tooMany(tried) ?? checkNow(tried, password)) ?? BUSY;
  }

  function tooMany(tried: Tried): TooManyTries | null {
    const waitMs = bad.waitMs(tried);
    return waitMs === 0 ? null : { kind: "tooMany", retryAfterSeconds: Math.ceil(waitMs / 1000) };
  }

  async function checkNow(tried: Tried, password: string): Promise<Checked> {
    const user = await store.findUserByEmail(tried.email);
    const isRight = await verifyPassword(password, user?.passwordHash ?? null);
    if (user !== null && isRight) return { kind: "right", user };
    bad.note(tried);
    return { kind: "wrong" };
  }

  async function find(tokenHash: string): Promise<Known | null> {
    const found = known.get(tokenHash) ?? (await lookUp(tokenHash));
    if (found === null || isLive(found, clock.now())) return found;
    known.delete(tokenHash);
    return null;
  }

  async function lookUp(tokenHash: string): Promise<Known | null> {
    const before = changes;
    const row = await store.findSession(tokenHash);
    // Two that look it up at once share what they remember, and so the note of its use.
    const again = known.get(tokenHash);
    if (again !== undefined) return again;
    if (row !== null && before === changes) known.set(tokenHash, row);
    return row;
  }

  /** Nobody waits for it. What could not be written down is with the session's next use. */
  function noteUse(tokenHash: string, session: Known): void {
    const now = clock.now();
    const before = session.seenAt;
    if (now - before < SESSION_TOUCH_MS) return;
    session.seenAt = now;
    store.touchSession(tokenHash, now).catch(() => {
      session.seenAt = before;
    });
  }

  return {
    forget,
    async login({ email, password, address, replaces }) {
      const checked = await check({ email, address }, password);
      if (checked.kind !== "right") return checked;
      const { user } = checked;
      const token = clock.randomHex(SESSION_TOKEN_RANDOM_BYTES);
      const now = clock.now();
      const made = await store.createSession({
        session: { hash: hashToken(token), userId: user.id, expiresAt: sessionEnd(now) },
        passwordHash: user.passwordHash,
        replaces: replaces === null ? null : hashToken(replaces),
        now,
      });
      if (!made) return { kind: "wrong" }; // the password was changed, or the user disabled, while it was checked
      if (replaces !== null) forget();
      return { kind: "in", token, email: user.email, role: user.role };
    },
    async authenticate(token) {
      if (!SESSION_TOKEN_PATTERN.test(token)) return null;
      const tokenHash = hashToken(token);
      const session = await find(tokenHash);
      if (session === null) return null;
      noteUse(tokenHash, session);
      return { actor: session.actor, email: session.email, hash: tokenHash };
    },
    holds: async (session) => (await find(session.hash)) !== null,
    async logout(session) {
      await store.endSession(session.hash, clock.now());
      forget();
    },
    async changePassword(session, { currentPassword, newPassword, address }) {
      const checked = await check({ email: session.email, address }, currentPassword);
      if (checked.kind !== "right") return checked;
      const { user } = checked;
      const to = await checks.run(() => hashPassword(newPassword));
      if (to === null) return BUSY;
      const request = { userId: user.id, from: user.passwordHash, to, keep: session.hash, now: clock.now() };
      const changed = await store.changePassword(request);
      forget();
      return { kind: changed ? "changed" : "wrong" };
    },
  };
}

/** Hexadecimal SHA-256 of a token: all that is ever stored of it. */
function hashToken(token: string): string {
  return hash("sha256", token, "hex");
}
