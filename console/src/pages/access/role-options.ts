/** The roles that the person who is signed in may give: none above the own. */
import { includesRole, ROLES, type Role } from "@domain/access/access.ts";
import { roles } from "../../messages/en/access.ts";
import { useMe } from "../../session/me.ts";

/** @param least people have at least the role `developer`, keys also `agent` */
export function useRoleOptions(least: "agent" | "developer"): { readonly value: Role; readonly label: string }[] {
  const { role: own } = useMe();
  return ROLES.filter((role) => includesRole(role, least) && includesRole(own as Role, role)).map((value) => ({
    value,
    label: roles[value],
  }));
}
