/** Password hashes: argon2id, stored as PHC strings, and derived in Node's thread pool to keep the event loop free. */
import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

/** OWASP's second recommendation for argon2id: 19 MiB, two passes, one lane. */
const MEMORY_KIB = 19_456;
const PASSES = 2;
const LANES = 1;
const SALT_BYTES = 16;
const TAG_BYTES = 32;
const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

interface Cost {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly tagLength: number;
}

const COST: Cost = { memory: MEMORY_KIB, passes: PASSES, parallelism: LANES, tagLength: TAG_BYTES };
/** Verified against when there is no account, so that the check takes as long. */
const DECOY = { cost: COST, salt: Buffer.alloc(SALT_BYTES), tag: Buffer.alloc(TAG_BYTES) };

/** Stands for the hash of a user who has not set a password yet. */
export const NO_PASSWORD = "";

const derive = promisify(argon2);
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64").replaceAll("=", "");

/** Hash a password: `$argon2id$v=19$m=…,t=…,p=…$salt$tag`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const tag = await derive("argon2id", { message: password, nonce: salt, ...COST });
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${base64(salt)}$${base64(tag)}`;
}

/**
 * Whether a password matches a stored hash.
 *
 * @param stored null when there is no such account, or {@link NO_PASSWORD}. The result is then false, and takes as long as for an account
 */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  const isThere = stored !== null && stored !== NO_PASSWORD;
  const { cost, salt, tag } = isThere ? parse(stored) : DECOY;
  const derived = await derive("argon2id", { message: password, nonce: salt, ...cost });
  return timingSafeEqual(derived, tag) && isThere;
}

function parse(stored: string) {
  const [, memory, passes, parallelism, salt = "", tag = ""] = PHC.exec(stored) ?? [];
  if (memory === undefined) throw new Error("a stored password hash is not an argon2id PHC string");
  const bytes = Buffer.from(tag, "base64");
  return {
    cost: {
      memory: Number(memory),
      passes: Number(passes),
      parallelism: Number(parallelism),
      tagLength: bytes.length,
    } satisfies Cost,
    salt: Buffer.from(salt, "base64"),
    tag: bytes,
  };
}
