/** `signalbox whoami` and `logout`. */
import { command } from "../../command.ts";
import { credentialFor, DEFAULT_PROFILE } from "../../settings/connection.ts";
import { KEYS, signOut } from "./sign-out.ts";

export const whoami = command({
  name: "whoami",
  about: "show the server, the key, its role and its tenant",
  examples: [["signalbox whoami --json", "the same for a program"]],
  async run({ client, connection, out }) {
    const { id, role, tenant } = await client.session.me();
    const { url, urlFrom, profile } = connection;
    await out.one(
      { id, role, tenant, url, profile },
      {
        id: () => id,
        fields: () => [
          ["server", url],
          ["from", urlFrom],
          ["key", id],
          ["key from", profile === null ? "SIGNALBOX_API_KEY" : `profile "${profile}"`],
          ["role", role],
          ["tenant", `${tenant.name} (${tenant.id})`],
        ],
      },
    );
  },
});

export const logout = command({
  name: "logout",
  about: "delete the key of a profile, and revoke it if `login` made it",
  details: "The profile keeps its address. A key that you passed with --api-key-stdin stays valid on the server.",
  examples: [["signalbox logout --profile staging", "sign out of one of several servers"]],
  async run(context) {
    const { env, flags, out, project, settings } = context;
    const named = flags.profile || env.SIGNALBOX_PROFILE || project?.profile;
    const name = named || settings.config().current || DEFAULT_PROFILE;
    const credential = credentialFor(settings.credentials(), name);
    if (credential === null) return out.tell(`Profile "${name}" has no key.`);
    const key = await signOut(context, name);
    await out.one(
      { profile: name, url: credential.url, revoked: key === "revoked" },
      {
        id: () => name,
        fields: () => [
          ["signed out of", credential.url],
          ["profile", name],
          ["key", KEYS[key]],
        ],
      },
    );
  },
});
