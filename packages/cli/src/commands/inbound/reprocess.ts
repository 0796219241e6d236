/** `signalbox quarantine reprocess`: verify refused requests again, and publish those that verify. */
import { SignalboxError } from "../../../../sdk/src/index.ts";
import { command } from "../../command.ts";
import type { Context } from "../../context.ts";
import { EXIT, type ExitCode, usage } from "../../failure.ts";
import { flag, text, texts } from "../../options.ts";
import { counted, safe } from "../../output/text.ts";
import { findSource } from "./find-source.ts";

/** How often the number of those that are left is told. */
const TOLD_MS = 1000;

export const reprocess = command({
  name: "reprocess",
  about: "verify refused requests again, and publish those that verify",
  details:
    "Name requests, or --source, or --all for every source. Exit 0: all of them were published. 3: some still cannot be " +
    "verified; they stay as they are.",
  operands: { ids: texts("ID", "the ids of the requests: wh_…", { completes: "request" }) },
  options: {
    source: text("SOURCE", "all of this source, by id or name", { completes: "source" }),
    all: flag("all of all sources"),
    watch: flag("tell how many are left, on standard error"),
  },
  examples: [
    ["signalbox quarantine reprocess --source repositories", "after you have corrected its secret"],
    ["signalbox quarantine reprocess --all --watch", "of all sources, with progress"],
  ],
  async run(context, { ids, source, all, watch }) {
    const ways = [ids.length > 0, source !== undefined, all].filter(Boolean).length;
    if (ways !== 1) throw usage("name either requests, or --source, or --all");
    if (ids.length > 0) return reprocessEach(context, ids);
    const { client } = context;
    const found = source === undefined ? await refusedSources(context) : [await findSource(client, source)];
    return reprocessSources(context, found, watch);
  },
});

async function reprocessEach({ client, out }: Context, ids: readonly string[]): Promise<ExitCode> {
  let exit: ExitCode = EXIT.done;
  for (const id of ids) {
    const { source_id: sourceId } = await client.inboundEvents.get(id);
    if (sourceId === null) throw usage(`${id} is of no known source, so it cannot be verified`);
    try {
      const done = await client.inboundEvents.reprocess(sourceId, id);
      await out.item(done, id, `${id} is published as ${done.event_id ?? "no event"}.`);
    } catch (error) {
      if (!(error instanceof SignalboxError) || error.code !== "VERIFICATION_FAILED") throw error;
      out.warn(`${id}: ${error.message}`);
      exit = EXIT.otherOutcome;
    }
  }
  return exit;
}

interface NamedSource {
  readonly id: string;
  readonly name: string;
}

/** Sources that have refused requests. Those that are deleted verify nothing any more. */
async function refusedSources({ client }: Context): Promise<readonly NamedSource[]> {
  const { counts } = await client.inboundEvents.refused();
  const refused = new Set(counts.map(({ source_id: id }) => id));
  const found: NamedSource[] = [];
  for await (const source of client.sources.list({ limit: 100 })) if (refused.has(source.id)) found.push(source);
  return found;
}

async function reprocessSources(context: Context, found: readonly NamedSource[], watch: boolean): Promise<ExitCode> {
  const { client, out } = context;
  if (found.length === 0) out.tell("No source has refused requests.");
  let exit: ExitCode = EXIT.done;
  for (const { id, name } of found) {
    let [reprocessed, failed] = [0, 0];
    for (let more = true; more; ) {
      const step = await whileTelling(context, { id, name, watch }, () => client.sources.reprocess(id));
      reprocessed += step.reprocessed;
      failed = step.failed;
      // What was refused meanwhile is for the next turn, as long as turns achieve something.
      more = step.more && step.reprocessed > 0;
    }
    if (failed > 0) exit = EXIT.otherOutcome;
    const line = `${safe(name)}: ${counted(reprocessed, "request")} published, ${failed} cannot be verified.`;
    await out.item({ source_id: id, source: name, reprocessed, failed }, id, line);
  }
  return exit;
}

/** The server answers when all of a source is done, which can take a while. */
async function whileTelling<Result>(
  { client, out }: Context,
  { id, name, watch }: NamedSource & { readonly watch: boolean },
  work: () => Promise<Result>,
): Promise<Result> {
  if (!watch) return work();
  const tell = async () => {
    const { counts } = await client.inboundEvents.refused();
    const left = counts.filter(({ source_id: each }) => each === id).reduce((sum, { count }) => sum + count, 0);
    out.progress(`${safe(name)}: ${left} refused`);
  };
  await tell();
  const timer = setInterval(() => void tell().catch(() => undefined), TOLD_MS);
  return work().finally(() => {
    clearInterval(timer);
    out.endProgress();
  });
}
