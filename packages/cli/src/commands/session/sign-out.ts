/** Delete the key of a profile. */
import type { Context } from "../../context.ts";
import { credentialFor } from "../../settings/connection.ts";
import { revoke } from "./login.ts";

/** What became of the key. */
export type KeyEnd = "none" | "revoked" | "kept";

export const KEYS: Readonly<Record<KeyEnd, string>> = {
  none: "there was none",
  revoked: "revoked",
  kept: "stays valid on the server",
};

/** Delete a profile's key, and revoke it on the server if `login` made it. The profile stays. */
export async function signOut({ out, settings }: Context, name: string): Promise<KeyEnd> {
  const credential = credentialFor(settings.credentials(), name);
  if (credential === null) return "none";
  const revoked = await revoke(credential);
  await settings.changeCredentials(({ profiles: { [name]: _, ...profiles }, ...others }) => ({ ...others, profiles }));
  if (credential.key_id !== undefined && !revoked) {
    out.warn(`the server did not revoke ${credential.key_id}; it ends after 90 days without use`);
  }
  return revoked ? "revoked" : "kept";
}
