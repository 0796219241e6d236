/** The scheme that signs nothing: each request has a user name and a password (RFC 7617). */
import { createHash, timingSafeEqual } from "node:crypto";
import type { InboundRequest, Verification } from "../../../domain/inbound/request.ts";
import type { BasicOptions } from "../../../domain/inbound/source.ts";
import { header } from "./headers.ts";
import { rejected } from "./signature.ts";

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;
const COLON = 0x3a;
const FORM_ADVICE =
  'Authorization must be "Basic ", followed by the user name, a colon and the password, in base64 of their UTF-8.';

/** @param secrets one of which has to be the password */
export function verifyBasic(request: InboundRequest, options: BasicOptions, secrets: readonly string[]): Verification {
  const text = header(request, "authorization");
  if (text === null) return rejected("header_missing", `The Authorization header is missing. ${FORM_ADVICE}`);
  const [, encoded] = BASIC.exec(text) ?? [];
  const credentials = Buffer.from(encoded ?? "", "base64");
  const colon = credentials.indexOf(COLON);
  if (colon === -1) return rejected("header_malformed", FORM_ADVICE);
  const password = credentials.subarray(colon + 1);
  const isUser = equal(credentials.subarray(0, colon), options.username);
  // Compares all of them, so that the time does not show which secret matched.
  const isPassword = secrets.map((secret) => equal(password, secret)).includes(true);
  return isUser && isPassword ? { kind: "verified" } : rejected("credentials_mismatch", mismatch(isUser, isPassword));
}

function mismatch(isUser: boolean, isPassword: boolean): string {
  if (isUser) return "The user name is right; the password is not the source's secret.";
  return isPassword
    ? "The password is right; the user name is not the source's."
    : "Neither the user name nor the password is the source's.";
}

/** Compares hashes, which have the same length whatever the length of the texts. */
function equal(given: Buffer, expected: string): boolean {
  return timingSafeEqual(sha256(given), sha256(expected));
}

function sha256(content: Buffer | string): Buffer {
  return createHash("sha256").update(content).digest();
}
