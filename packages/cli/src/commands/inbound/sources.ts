/** `signalbox sources`: who sends webhooks to this server. */
import type { Source } from "../../../../sdk/src/index.ts";
import { command, group } from "../../command.ts";
import { usage } from "../../failure.ts";
import { readSecret, SECRET_OPTIONS } from "../../input.ts";
import { firstRows, LIST_OPTIONS, pageRows } from "../../listing.ts";
import { choice, duration, flag, operand, required, text } from "../../options.ts";
import type { ListView, View } from "../../output/output.ts";
import { shortTime } from "../../output/time.ts";
import { findSource, SOURCE } from "./find-source.ts";
import { BASIC_OPTIONS, EVENT_TYPE_OPTIONS, HMAC_OPTIONS, patchOf } from "./source-options.ts";

const SCHEMES = [
  "github",
  "stripe",
  "slack",
  "shopify",
  "twilio",
  "standard-webhooks",
  "pausepoint",
  "pacspace",
  "hmac",
  "jcs",
  "basic",
  "none",
] as const;

const SETTINGS = { ...EVENT_TYPE_OPTIONS, ...HMAC_OPTIONS, ...BASIC_OPTIONS };

const LIST: ListView<Source> = {
  id: ({ id }) => id,
  columns: [
    { head: "NAME", cell: ({ name }) => name, narrow: "cut" },
    { head: "SCHEME", cell: ({ scheme }) => scheme },
    { head: "ID", cell: ({ id }) => id, narrow: "id" },
    { head: "URL", cell: ({ url }) => url, narrow: "id" },
  ],
  none: "There are no sources. Create one with `signalbox sources create`.",
};

const VIEW: View<Source & { readonly secret?: string }> = {
  id: ({ id }) => id,
  fields: ({ event_type: type, hmac, ...source }) => [
    ["source", source.id],
    ["name", source.name],
    ["scheme", source.scheme],
    ["url", source.url],
    ...(source.pause_status_url === null ? [] : [["pause-status url", source.pause_status_url] as const]),
    ["type from", type.header ?? type.pointer ?? "where the scheme puts it"],
    ["type prefix", type.prefix],
    ["type fallback", type.fallback],
    ...(hmac === null
      ? []
      : [["hmac", `${hmac.algorithm}, ${hmac.encoding}, of ${hmac.template}, in ${hmac.header}`] as const]),
    ...(source.basic === null ? [] : [["user", source.basic.username] as const]),
    ["old secret until", shortTime(source.previous_expires_at)],
    ["created", shortTime(source.created_at)],
    ...(source.secret === undefined ? [] : [["secret", { text: source.secret, color: "yellow" }] as const]),
  ],
};

const KEEP_SECRET = "The secret is shown only now. Store it.";

export const sources = group(
  command({
    name: "list",
    about: "list the sources, in order of creation",
    options: LIST_OPTIONS,
    examples: [["signalbox sources list --all --quiet", "all ids"]],
    async run({ client, out }, how) {
      await out.list(firstRows(client.sources.list({ limit: pageRows(how) }), how), LIST);
    },
  }),
  command({
    name: "get",
    about: "show a source",
    operands: { source: SOURCE },
    examples: [["signalbox sources get repositories", "by its name"]],
    async run({ client, out }, { source }) {
      await out.one(await findSource(client, source), VIEW);
    },
  }),
  command({
    name: "create",
    about: "create a source, and print the URL for its sender",
    details: "Without a secret the server generates one, and it is shown only now.",
    operands: { name: operand("NAME", "its name, which is unique on the server") },
    options: {
      scheme: required(choice(SCHEMES, "how its requests are signed", "SCHEME")),
      ...SECRET_OPTIONS,
      ...SETTINGS,
    },
    examples: [
      ["signalbox sources create repositories --scheme github --secret-file secret --type-prefix github.", "GitHub"],
      ["signalbox sources create shop --scheme hmac --signature-header x-shop-signature", "a sender of your own"],
    ],
    async run(context, { name, scheme, secretStdin, secretFile, ...settings }) {
      const { client, out } = context;
      const given = await readSecret(context, { secretStdin, secretFile });
      const patch = patchOf(settings, null);
      const created = await client.sources.create({
        name,
        scheme,
        ...patch,
        ...(given !== undefined && { secret: given }),
      });
      await out.one(created, VIEW);
      if (created.secret !== undefined) out.tell(KEEP_SECRET);
    },
  }),
  command({
    name: "set",
    about: "change a source",
    details: "What you do not name stays. To change the secret without an interruption, use `sources rotate`.",
    operands: { source: SOURCE },
    options: { name: text("NAME", "a new name"), ...SECRET_OPTIONS, ...SETTINGS },
    examples: [["signalbox sources set repositories --type-prefix git.", "publish its events as git.*"]],
    async run(context, { source, name, secretStdin, secretFile, ...settings }) {
      const { client, out } = context;
      const given = await readSecret(context, { secretStdin, secretFile });
      const found = await findSource(client, source);
      const patch = {
        ...patchOf(settings, found),
        ...(name !== undefined && { name }),
        ...(given !== undefined && { secret: given }),
      };
      if (Object.keys(patch).length === 0) throw usage("nothing to change is named; see signalbox sources set --help");
      await out.one(await client.sources.update(found.id, patch), VIEW);
    },
  }),
  command({
    name: "rotate",
    about: "replace the secret; the old one stays valid for a while",
    operands: { source: SOURCE },
    options: {
      ...SECRET_OPTIONS,
      overlap: duration("DURATION", "how long the old secret stays valid, up to 7d (default: 24h)"),
      yes: flag("do not ask"),
    },
    examples: [["signalbox sources rotate repositories --overlap 1h", "time to give the sender the new secret"]],
    async run(context, { source, overlap, yes, ...given }) {
      const { client, out } = context;
      const secret = await readSecret(context, given);
      const { id, name } = await findSource(client, source);
      if (!yes) await context.confirm(`Change the secret of the source ${JSON.stringify(name)}?`);
      const rotated = await client.sources.rotateSecret(id, {
        ...(secret !== undefined && { secret }),
        ...(overlap !== undefined && { overlap_seconds: overlap }),
      });
      await out.one(rotated, {
        id: () => id,
        fields: (made) => [
          ["source", id],
          ["old secret until", shortTime(made.previous_expires_at)],
          ...(made.secret === undefined ? [] : [["secret", { text: made.secret, color: "yellow" }] as const]),
        ],
      });
      if (rotated.secret !== undefined) out.tell(KEEP_SECRET);
    },
  }),
  command({
    name: "delete",
    about: "delete a source; what it has sent stays",
    operands: { source: SOURCE },
    options: { yes: flag("do not ask") },
    examples: [["signalbox sources delete repositories --yes", "without a question"]],
    async run(context, { source, yes }) {
      const { client, out } = context;
      const { id, name } = await findSource(client, source);
      if (!yes) await context.confirm(`Delete the source ${JSON.stringify(name)}? Its URL stops working.`);
      await client.sources.delete(id);
      await out.item({ id, deleted: true }, id, `${id} is deleted.`);
    },
  }),
);
