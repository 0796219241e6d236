/** `signalbox profile`: the servers that you have signed in to. */
import { command, group } from "../../command.ts";
import { EXIT, Failure } from "../../failure.ts";
import { operand } from "../../options.ts";
import { credentialFor, profileNamed } from "../../settings/connection.ts";

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
          { head: "TENANT", cell: ({ tenant }) => tenant, narrow: "drop" },
          { head: "SIGNED IN", cell: ({ signed_in }) => signed_in, narrow: "drop" },
        ],
        none: "There are no profiles. Run `signalbox login URL`.",
      });
    },
  }),
  command({
    name: "use",
    about: "make a profile the current one",
    operands: { name: operand("NAME", "the profile", { completes: "profile" }) },
    examples: [["signalbox profile use staging", "all later commands talk to that server"]],
    async run({ out, settings }, { name }) {
      const known = settings.config();
      const chosen = profileNamed(known, name);
      if (chosen === null) {
        const hint = Object.keys(known.profiles).join(", ") || "there are none";
        throw new Failure(EXIT.missing, "PROFILE_NOT_FOUND", `There is no profile ${JSON.stringify(name)}; ${hint}.`);
      }
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
);
