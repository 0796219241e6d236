/** Signing in a terminal with a code that a person approves in the console, after RFC 8628. */
import { includesRole, type Role } from "./access.ts";

/** RFC 8628 §6.1: consonants that are hard to confuse, so that no code spells a word. */
const ALPHABET = "BCDFGHJKLMNPQRSTVWXZ";
const CODE_CHARS = 8;
const GROUP_CHARS = 4;

/** The random bytes that a user code is made of: so many that each code is equally likely, up to 1 in 2^93. */
export const USER_CODE_RANDOM_BYTES = 16;

/** @param random `USER_CODE_RANDOM_BYTES` bytes, hexadecimal */
export function userCodeOf(random: string): string {
  let rest = BigInt(`0x${random}`);
  let code = "";
  while (code.length < CODE_CHARS) {
    code += ALPHABET[Number(rest % BigInt(ALPHABET.length))];
    rest /= BigInt(ALPHABET.length);
  }
  return code;
}

/** As people read it: `WDJB-MJHT`. */
export function shownUserCode(code: string): string {
  return `${code.slice(0, GROUP_CHARS)}-${code.slice(GROUP_CHARS)}`;
}

const USER_CODE = new RegExp(`^[${ALPHABET}]{${CODE_CHARS}}$`);

/** The code that a person typed, in any letter case, with or without hyphens and spaces. Null: it is none. */
export function parseUserCode(text: string): string | null {
  const code = text.toUpperCase().replace(/[\s-]/g, "");
  return USER_CODE.test(code) ? code : null;
}

/** The secret that a terminal asks with: 64 hex digits, which encode 32 random bytes. */
export const DEVICE_CODE_PATTERN = /^[0-9a-f]{64}$/;
export const DEVICE_CODE_RANDOM_BYTES = 32;

/** Who may create keys may approve a terminal, for a role that is not higher than the own. */
export const APPROVER_ROLE = "org_admin" satisfies Role;

export function mayGrant(own: Role, granted: Role): boolean {
  return includesRole(own, APPROVER_ROLE) && includesRole(own, granted);
}

/** The name of a terminal's key. */
export function terminalKeyName(terminal: string): string {
  return `cli ${terminal}`;
}
