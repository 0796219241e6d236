/** `signalbox export`: the delivery history as a file. */
import { createWriteStream, openSync, renameSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { SignalboxError } from "../../../../sdk/src/index.ts";
import { command } from "../../command.ts";
import type { Context } from "../../context.ts";
import { EXIT, Failure, usage } from "../../failure.ts";
import { choice, text } from "../../options.ts";
import { counted, safe } from "../../output/text.ts";
import { linkTarget, temporaryBeside } from "../../settings/files.ts";
import { deliveries } from "../delivery/bulk.ts";
import { conditionsOf, FILTER_OPTIONS } from "../delivery/delivery-filter.ts";
import { RowCount } from "./row-count.ts";

const FORMATS = ["csv", "ndjson"] as const;
type Format = (typeof FORMATS)[number];

export const exportHistory = command({
  name: "export",
  about: "write the delivery history to a file",
  details:
    "With --out, the deliveries go to a temporary file, which becomes FILE when it is whole. A connection that breaks off leaves " +
    "FILE as it was, and the exit code is 9. Without --out they go to standard output.",
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
  refuseOther(target, file);
  const part = temporaryBeside(target);
  onInterrupt(() => {
    rmSync(part, { force: true });
    out.warn(`${file} is not written`);
  });
  try {
    // Opened at once: an interrupt before it exists could not remove it.
    await pipeline(counting, createWriteStream(part, { fd: openSync(part, "wx") }));
    renameSync(part, target);
  } catch (error) {
    rmSync(part, { force: true });
    if (error instanceof SignalboxError) {
      throw brokenOff(error, `after ${deliveries(rows.count)}. ${file} is as it was. Run the command again.`);
    }
    const name = target === named ? file : `${file}, a link to ${target},`;
    throw unwritable(name, error as Error);
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

/** Without the end of the system's message, which names the temporary file. */
function unwritable(name: string, { message }: Error): Failure {
  const fault = message.replace(/, \w+( '.*)?$/s, "");
  return new Failure(EXIT.failed, "FILE_UNWRITABLE", `${name} cannot be written: ${fault}.`);
}

function brokenOff(error: unknown, consequence: string): unknown {
  if (!(error instanceof SignalboxError) || error.status !== 0) return error;
  return new Failure(EXIT.unreachable, "EXPORT_INCOMPLETE", `${error.message.replace(/\.$/, "")}, ${consequence}`);
}

function megabytes(bytes: number): string {
  return bytes < 1_000_000 ? counted(bytes, "byte") : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
