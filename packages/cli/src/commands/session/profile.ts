/** `signalbox profile`: the servers that you have signed in to. */
import { command, group } from "../../command.ts";
import { EXIT, Failure } from "../../failure.ts";
import { operand } from "../../options.ts";
import { credentialFor, profileNamed } from "../../settings/connection.ts";
import type { Config } from "../../settings/settings.ts";
import { KEYS, signOut } from "./sign-out.ts";

const NAME = operand("NAME", "the profile", { completes: "profile" });

export const profile = group(
  command({
    name: "list",
    about: "list the profiles",
    examples: [["signalbox profile list", "which servers you have signed in to"]],
    async run({ out, settings }) {
      const config = settings.config();
      const credentials = settings.credentials();
      const rows = Object.entries(config.profiles).map(([name, { url, tenant = null }]) => ({
        name,
        url,
        tenant,
        current: name === config.current,
        signed_in: credentialFor(credentials, name) !== null,
      }));
      await out.list(rows, {
        id: ({ name }) => name,
        columns: [
          { head: "NAME", cell: ({ name, current }) => (current ? { text: `${name} *`, color: "green" } : name) },
          { head: "URL", cell: ({ url }) => url, narrow: "cut" },
          ...(rows.some(({ tenant }) => tenant !== null)
            ? [{ head: "TENANT", cell: ({ tenant }: (typeof rows)[number]) => tenant, narrow: "drop" } as const]
            : []),
          { head: "SIGNED IN", cell: ({ signed_in }) => signed_in, narrow: "omit" },
        ],
        none: "There are no profiles. Run `signalbox login URL`.",
      });
    },
  }),
  command({
    name: "use",
    about: "make a profile the current one",
    operands: { name: NAME },
    examples: [["signalbox profile use staging", "all later commands talk to that server"]],
    async run({ out, settings }, { name }) {
      const chosen = profileNamed(settings.config(), name) ?? refuseUnknown(settings.config(), name);
      await settings.changeConfig((config) => ({ ...config, current: name }));
      await out.one(
        { name, ...chosen },
        {
          id: () => name,
          fields: () => [
            ["profile", name],
            ["url", chosen.url],
          ],
        },
      );
    },
  }),
  command({
    name: "delete",
    about: "delete a profile and its key, and revoke the key if `login` made it",
    details: "If it was the current profile, none is current afterwards: choose one with `signalbox profile use`.",
    operands: { name: NAME },
    examples: [["signalbox profile delete staging", "forget that server"]],
    async run(context, { name }) {
      const { out, settings } = context;
      const { url } = profileNamed(settings.config(), name) ?? refuseUnknown(settings.config(), name);
      const key = await signOut(context, name);
      await settings.changeConfig(({ current, profiles: { [name]: _, ...profiles } }) => ({
        ...(current !== undefined && current !== name && { current }),
        profiles,
      }));
      await out.one(
        { profile: name, url, key },
        {
          id: () => name,
          fields: () => [
            ["deleted", name],
            ["url", url],
            ["key", KEYS[key]],
          ],
        },
      );
    },
  }),
);

function refuseUnknown({ profiles }: Config, name: string): never {
  const known = Object.keys(profiles);
  const hint = known.length === 0 ? "there are none" : `the profiles are ${known.join(", ")}`;
  throw new Failure(EXIT.missing, "PROFILE_NOT_FOUND", `There is no profile ${JSON.stringify(name)}; ${hint}.`);
}
