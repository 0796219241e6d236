/** `/dashboard/auth` on the wire. */
import Type, { type Static } from "typebox";
import { EMAIL_CHARS_MAX, LINK_TOKEN_CHARS_MAX, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN } from "../../domain/limits.ts";
import { wholeSeconds } from "../../domain/text/time.ts";
import type { ListedSession } from "../../engine/access/session-types.ts";
import { checker } from "../schema/check.ts";
import { Nullable, RoleName, Time } from "../schema/schemas.ts";
import { GrantedScopes } from "./key-wire.ts";

const GivenPassword = Type.String({ minLength: 1, maxLength: PASSWORD_CHARS_MAX });

export const SignInBody = Type.Object(
  { email: Type.String({ minLength: 1, maxLength: EMAIL_CHARS_MAX }), password: GivenPassword },
  {
    title: "LoginInput",
    additionalProperties: false,
    examples: [{ email: "ann@example.com", password: "correct horse battery staple" }],
  },
);
export const checkSignIn = checker(SignInBody);

export const PasswordBody = Type.Object(
  {
    currentPassword: GivenPassword,
    newPassword: Type.String({ minLength: PASSWORD_CHARS_MIN, maxLength: PASSWORD_CHARS_MAX }),
  },
  {
    title: "PasswordChange",
    additionalProperties: false,
    examples: [{ currentPassword: "correct horse battery staple", newPassword: "another four common words" }],
  },
);
export const checkPassword = checker(PasswordBody);

export const SetPasswordBody = Type.Object(
  {
    token: Type.String({
      minLength: 1,
      maxLength: LINK_TOKEN_CHARS_MAX,
      description: "What follows `#` in the link.",
    }),
    newPassword: PasswordBody.properties.newPassword,
  },
  {
    title: "PasswordSetting",
    additionalProperties: false,
    examples: [{ token: "00112233445566778899aabbccddeeff".repeat(2), newPassword: "four other common words" }],
  },
);
export const checkSetPassword = checker(SetPasswordBody);

const Success = Type.Literal(true);
export const SignInResponse = Type.Object(
  {
    success: Success,
    data: Type.Object({ email: Type.String(), role: RoleName }),
  },
  { title: "Login" },
);
export const MeResponse = Type.Object(
  {
    success: Success,
    data: Type.Object({
      id: Type.String({ description: "`usr_…` for a person, `key_…` for a key." }),
      email: Nullable(Type.String({ description: "Null for a key." })),
      role: RoleName,
      scopes: GrantedScopes,
      tenant: Type.Object({ id: Type.String(), name: Type.String() }),
    }),
  },
  { title: "Me" },
);
const SessionResponse = Type.Object(
  {
    id: Type.String({ description: "The session's id." }),
    current: Type.Boolean({ description: "The session of this request." }),
    address: Nullable(Type.String({ description: "The IP address from which you signed in." })),
    userAgent: Nullable(Type.String()),
    createdAt: Time,
    lastSeenAt: Type.String({ format: "date-time", description: "Accurate to a minute." }),
    expiresAt: Type.String({ format: "date-time", description: "When it ends, even if it is in use." }),
  },
  { title: "Session" },
);
export const SessionsResponse = Type.Object(
  { success: Success, data: Type.Array(SessionResponse) },
  { title: "Sessions" },
);

export function sessionJson(session: ListedSession): Static<typeof SessionResponse> {
  return {
    id: session.id,
    current: session.isCurrent,
    address: session.address,
    userAgent: session.userAgent,
    createdAt: wholeSeconds(session.createdAt),
    lastSeenAt: wholeSeconds(session.seenAt),
    expiresAt: wholeSeconds(session.expiresAt),
  };
}

export const DoneResponse = Type.Object({ success: Success, message: Type.String() }, { title: "Done" });
