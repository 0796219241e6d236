/** The roles that the person who is signed in may give: those that the own one includes. */
import { includesRole, type Role } from "@domain/access/access.ts";
import { account } from "../../messages/en/app.ts";
import { useMe } from "../../session/me.ts";

/** @param roles those of people, or of keys */
export function useRoleOptions(roles: readonly Role[]): { readonly value: Role; readonly label: string }[] {
  const { role: own } = useMe();
  return roles
    .filter((role) => includesRole(own as Role, role))
    .map((value) => ({ value, label: account.role[value] }));
}
