/** Who works on this terminal, such as `ada@laptop`. */
import { hostname, userInfo } from "node:os";

/** For people; without control characters. */
export function userAtHost(): string {
  return `${userName()}@${hostname()}`.replace(/\p{C}/gu, "");
}

/** A container may run as a user that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env.USER ?? "user";
  }
}
