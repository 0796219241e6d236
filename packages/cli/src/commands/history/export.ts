/** `signalbox export`: the delivery history as a file. */
import { createWriteStream, renameSync, statSync } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { SignalboxError } from "../../../../sdk/src/index.ts";
import { command } from "../../command.ts";
import type { Context } from "../../context.ts";
import { EXIT, Failure, usage } from "../../failure.ts";
import { choice, text } from "../../options.ts";
import { counted, safe } from "../../output/text.ts";
import { linkTarget } from "../../settings/files.ts";
import { deliveries } from "../delivery/bulk.ts";
import { conditionsOf, FILTER_OPTIONS } from "../delivery/delivery-filter.ts";
import { RowCount } from "./row-count.ts";

const FORMATS = ["csv", "ndjson"] as const;
type Format = (typeof FORMATS)[number];

export const exportHistory = command({
  name: "export",
  about: "write the delivery history to a file",
  details:
    "With --out, the deliveries go to FILE.part, which becomes FILE when it is whole. A connection that breaks off leaves FILE as it " +
    "was, and the exit code is 9. Without --out they go to standard output.",
  options: {
    format: choice(FORMATS, "the format (default: csv, with --json ndjson)", "FORMAT"),
    out: text("FILE", "the file to write", { completes: "file" }),
    ...FILTER_OPTIONS,
  },
  examples: [
    ["signalbox export --out deliveries.csv", "everything that is kept"],
    ["signalbox export --status FAILED --from 7d --format ndjson | jq .last_error", "into another program"],
  ],
  async run(context, given) {
    const format = given.format ?? (context.out.mode === "json" ? "ndjson" : "csv");
    const pieces = context.client.deliveries.export(conditionsOf(given), { format });
    if (given.out === undefined) await print(context, pieces, format);
    else await store(context, pieces, { format, file: given.out });
  },
});

type Pieces = AsyncIterable<Uint8Array>;

async function print({ out }: Context, pieces: Pieces, format: Format): Promise<void> {
  const rows = new RowCount(format);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  try {
    for await (const piece of pieces) {
      rows.add(piece);
      await out.write(decoder.decode(piece, { stream: true }));
    }
  } catch (error) {
    throw brokenOff(error, `after ${deliveries(rows.count)}: the output is not whole.`);
  }
}

interface Wanted {
  readonly format: Format;
  readonly file: string;
}

async function store({ out, folder, onInterrupt }: Context, pieces: Pieces, { format, file }: Wanted): Promise<void> {
  const rows = new RowCount(format);
  let bytes = 0;
  async function* counting() {
    for await (const piece of pieces) {
      rows.add(piece);
      bytes += piece.length;
      out.progress(`${deliveries(rows.count)}, ${megabytes(bytes)}`);
      yield piece;
    }
  }
  const named = path.resolve(folder, file);
  const target = linkTarget(named);
  const part = `${target === named ? file : target}.part`;
  refuseOther(target, file);
  onInterrupt(() => out.warn(`${file} is not written; ${part} has its beginning`));
  try {
    await pipeline(counting, createWriteStream(path.resolve(folder, part)));
    renameSync(path.resolve(folder, part), target);
  } catch (error) {
    if (error instanceof SignalboxError) {
      const kept = `which are in ${part}. ${file} is as it was. Run the command again.`;
      throw brokenOff(error, `after ${deliveries(rows.count)}, ${kept}`);
    }
    throw new Failure(EXIT.failed, "FILE_UNWRITABLE", `${file} cannot be written: ${(error as Error).message}.`);
  } finally {
    out.endProgress();
  }
  const result = { file, format, deliveries: rows.count, bytes };
  await out.item(result, file, `${safe(file)}: ${deliveries(rows.count)}, ${megabytes(bytes)}`);
}

/** A folder cannot become the file, and the file must not replace a device such as /dev/null. */
function refuseOther(target: string, file: string): void {
  if (statSync(target, { throwIfNoEntry: false })?.isFile() !== false) return;
  throw usage(`--out ${safe(file)} is not a file; without --out the deliveries go to standard output`);
}

function brokenOff(error: unknown, consequence: string): unknown {
  if (!(error instanceof SignalboxError) || error.status !== 0) return error;
  return new Failure(EXIT.unreachable, "EXPORT_INCOMPLETE", `${error.message.replace(/\.$/, "")}, ${consequence}`);
}

function megabytes(bytes: number): string {
  return bytes < 1_000_000 ? counted(bytes, "byte") : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
