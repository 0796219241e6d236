/** `signalbox quarantine`: requests that sources sent, and that were refused. */
import type { InboundEvent, InboundEventDetails, RefusedCounts } from "../../../../sdk/src/index.ts";
import { command, group } from "../../command.ts";
import { EXIT } from "../../failure.ts";
import { readSecret, SECRET_OPTIONS } from "../../input.ts";
import { firstRows, LIST_OPTIONS, pageRows } from "../../listing.ts";
import { choice, flag, operand, text, time } from "../../options.ts";
import type { ListView, View } from "../../output/output.ts";
import { shortTime } from "../../output/time.ts";
import { findSource, SOURCE } from "./find-source.ts";
import { reprocess } from "./reprocess.ts";
import { HMAC_OPTIONS, hmacOf } from "./source-options.ts";

const REASONS = [
  "header_missing",
  "header_malformed",
  "timestamp_malformed",
  "timestamp_too_old",
  "timestamp_in_future",
  "signature_missing",
  "signature_malformed",
  "signature_mismatch",
  "body_unreadable",
  "credentials_mismatch",
  "source_unknown",
  "source_unusable",
  "fields_invalid",
  "loop_detected",
] as const;

const LIST: ListView<InboundEvent> = {
  id: ({ id }) => id,
  columns: [
    { head: "ID", cell: ({ id }) => id, narrow: "id" },
    { head: "SOURCE", cell: ({ source }) => source, narrow: "cut" },
    { head: "REASON", cell: ({ rejection_reason: reason }) => reason },
    { head: "RECEIVED", cell: ({ received_at: at }) => shortTime(at), narrow: "omit" },
    { head: "FROM", cell: ({ address }) => address, narrow: "drop" },
  ],
  none: "No refused requests are kept.",
};

const SUMS: ListView<RefusedCounts["counts"][number]> = {
  id: ({ source_id: id }) => id,
  columns: [
    { head: "SOURCE", cell: ({ source }) => source, narrow: "cut" },
    { head: "REASON", cell: ({ rejection_reason: reason }) => reason },
    { head: "REQUESTS", cell: ({ count }) => count, align: "end" },
    { head: "LATEST", cell: ({ last_received_at: at }) => shortTime(at), narrow: "omit" },
  ],
  none: LIST.none,
};

const VIEW: View<InboundEventDetails> = {
  id: ({ id }) => id,
  fields: ({ body, headers, ...request }) => [
    ["request", request.id],
    ["source", request.source],
    ["refused because", request.valid ? "it is valid" : { text: request.rejection_reason ?? "", color: "red" }],
    ["explanation", request.explanation],
    ["received", shortTime(request.received_at)],
    ["from", request.address],
    ["url", request.url],
    ...Object.entries(headers).map(([name, value]) => [`  ${name}`, value] as const),
    ["body", body.truncated ? `the beginning of ${body.bytes} bytes` : `${body.bytes} bytes`],
    [`  ${body.encoding}`, body.content],
    ["notes", request.notes],
  ],
};

export const quarantine = group(
  command({
    name: "list",
    about: "list refused requests, the newest first",
    options: {
      source: text("SOURCE", "only of this source, by id or name", { completes: "source" }),
      reason: choice(REASONS, "only those refused for this reason", "REASON"),
      from: time("TIME", "received at this time or later"),
      to: time("TIME", "received before this time"),
      sums: flag("how many there are by source and reason, instead of each"),
      ...LIST_OPTIONS,
    },
    examples: [["signalbox quarantine list --sums", "where to begin"]],
    async run({ client, out }, { source, reason, from, to, sums, ...how }) {
      if (sums) {
        const { counts } = await client.inboundEvents.refused(from === undefined ? {} : { from });
        return out.list(counts, SUMS);
      }
      const filter = {
        valid: false,
        ...(source !== undefined && { source_id: (await findSource(client, source)).id }),
        ...(reason !== undefined && { rejection_reason: reason }),
        ...(from !== undefined && { from }),
        ...(to !== undefined && { to }),
      };
      await out.list(firstRows(client.inboundEvents.iterate({ ...filter, limit: pageRows(how) }), how), LIST);
    },
  }),
  command({
    name: "explain",
    about: "say why a request was refused, and show it",
    operands: { id: operand("ID", "the id of the request: wh_…", { completes: "request" }) },
    examples: [["signalbox quarantine explain wh_0190e0c4-2222-7000-8000-000000000003", "what to try"]],
    async run({ client, out }, { id }) {
      await out.one(await client.inboundEvents.get(id), VIEW);
    },
  }),
  command({
    name: "try",
    about: "say how many refused requests another secret would verify",
    details:
      "Nothing changes. Without a secret and settings, the present ones are tried. Exit 0: all of them would be verified. " +
      "3: some would not.",
    operands: { source: SOURCE },
    options: {
      request: text("ID", "only this request: wh_…", { completes: "request" }),
      ...SECRET_OPTIONS,
      ...HMAC_OPTIONS,
    },
    examples: [
      ["signalbox quarantine try repositories --secret-file secret", "before `sources set --secret-file secret`"],
    ],
    async run(context, { source, request, secretStdin, secretFile, ...settings }) {
      const { client, out } = context;
      const given = await readSecret(context, { secretStdin, secretFile });
      const found = await findSource(client, source);
      const hmac = hmacOf(settings, found);
      const result = await client.sources.try(found.id, {
        ...(given !== undefined && { secret: given }),
        ...(hmac !== null && { hmac }),
        ...(request !== undefined && { event_id: request }),
      });
      await out.one(result, {
        id: () => found.id,
        fields: (trial) => [
          ["source", found.name],
          ["tried", trial.tried],
          ["would be verified", { text: String(trial.would_verify), color: "green" }],
          ...trial.would_fail.map(
            ({ rejection_reason: reason, count }) => [`would be refused: ${reason}`, count] as const,
          ),
          ...(trial.explanation === null ? [] : [["explanation", trial.explanation] as const]),
        ],
      });
      return result.would_verify === result.tried ? EXIT.done : EXIT.otherOutcome;
    },
  }),
  reprocess,
);
