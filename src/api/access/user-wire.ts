/** `/v1/users` on the wire. */
import Type, { type Static } from "typebox";
import { ID_PREFIX } from "../../domain/ids.ts";
import { EMAIL_CHARS_MAX, LIST_PAGE_MAX } from "../../domain/limits.ts";
import { wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import type { NewLink } from "../../engine/access/user-types.ts";
import type { UserRow } from "../../ports/store.ts";
import { listOf, NextPageFields } from "../lists/pages.ts";
import { checker } from "../schema/check.ts";
import { Nullable, RoleName, Time, UserRoleName } from "../schema/schemas.ts";

export const CreateUserBody = Type.Object(
  {
    email: Type.String({ maxLength: EMAIL_CHARS_MAX, format: "email", description: "The user signs in with it." }),
    role: UserRoleName,
  },
  { title: "UserInput", additionalProperties: false, examples: [{ email: "ann@example.com", role: "developer" }] },
);
export const checkCreateUser = checker(CreateUserBody);

export const UpdateUserBody = Type.Object(
  {
    role: Type.Optional(UserRoleName),
    disabled: Type.Optional(
      Type.Boolean({ description: "`true` ends the user's sessions, and nobody can sign in as the user." }),
    ),
  },
  { title: "UserChanges", additionalProperties: false, examples: [{ role: "org_admin" }] },
);
export const checkUpdateUser = checker(UpdateUserBody);

export const UserResponse = Type.Object(
  {
    id: Type.String(),
    email: Type.String(),
    role: RoleName,
    password_set: Type.Boolean({ description: "False until the user has set a password with the first link." }),
    created_at: Time,
    last_seen_at: Nullable(
      Type.String({ format: "date-time", description: "Accurate to a minute. Null if the user is not signed in." }),
    ),
    disabled_at: Nullable(Time),
  },
  { title: "User" },
);
const LinkFields = {
  password_url: Type.String({
    description: "The link with which the user sets a password. It works once, and is never shown again.",
  }),
  password_url_expires_at: Time,
};
export const CreatedUserResponse = Type.Object({ ...UserResponse.properties, ...LinkFields }, { title: "CreatedUser" });
export const PasswordLinkResponse = Type.Object(LinkFields, { title: "PasswordLink" });
export const UsersResponse = Type.Object({ users: Type.Array(UserResponse), ...NextPageFields }, { title: "UserPage" });

export const USER_LIST = listOf("users", { limitMax: LIST_PAGE_MAX, filters: {} });

export function userJson(user: UserRow): Static<typeof UserResponse> {
  return {
    id: ID_PREFIX.user + user.id,
    email: user.email,
    role: user.role,
    password_set: user.hasPassword,
    created_at: wholeSeconds(user.createdAt),
    last_seen_at: wholeSecondsOrNull(user.seenAt),
    disabled_at: wholeSecondsOrNull(user.disabledAt),
  };
}

/** The token is behind `#`, which browsers send to no server: it is in no log and no `Referer`. */
export function passwordLinkJson({ token, until }: NewLink, publicUrl: string): Static<typeof PasswordLinkResponse> {
  return {
    password_url: `${publicUrl}/console/set-password#${token}`,
    password_url_expires_at: wholeSeconds(until),
  };
}
