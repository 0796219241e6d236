/** `/dashboard/auth` on the wire. */
import Type from "typebox";
import { EMAIL_CHARS_MAX, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN } from "../../domain/limits.ts";
import { checker } from "../schema/check.ts";
import { Nullable, RoleName } from "../schema/schemas.ts";

const GivenPassword = Type.String({ minLength: 1, maxLength: PASSWORD_CHARS_MAX });

export const LoginBody = Type.Object(
  { email: Type.String({ minLength: 1, maxLength: EMAIL_CHARS_MAX }), password: GivenPassword },
  {
    title: "LoginInput",
    additionalProperties: false,
    examples: [{ email: "ann@example.com", password: "correct horse battery staple" }],
  },
);
export const checkLogin = checker(LoginBody);

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

const Success = Type.Literal(true);
export const LoginResponse = Type.Object(
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
      tenant: Type.Object({ id: Type.String(), name: Type.String() }),
    }),
  },
  { title: "Me" },
);
export const DoneResponse = Type.Object({ success: Success, message: Type.String() }, { title: "Done" });
