/** `signalbox sign`: the headers of a delivery, to test a receiver. */
import { sign as signBody, signJcs } from "../../../../sdk/src/index.ts";
import { command } from "../../command.ts";
import { usage } from "../../failure.ts";
import { readFileOrInput, requireSecret, SECRET_OPTIONS } from "../../input.ts";
import { choice, text, time } from "../../options.ts";

const FORMATS = ["standard", "plain", "pausepoint", "pacspace", "jcs"] as const;

/** Options that would change nothing. */
const UNUSED: Readonly<
  Partial<Record<(typeof FORMATS)[number], { options: readonly ("id" | "type" | "at")[]; why: string }>>
> = {
  standard: { options: ["type"], why: "the type is in the body" },
  jcs: { options: ["id", "type", "at"], why: "only the body is signed" },
};

export const sign = command({
  name: "sign",
  about: "print the headers that sign a body, to test a receiver",
  details:
    "The headers are those of a delivery in the given format, one a line, as curl takes them with -H @FILE. A body of the " +
    "format jcs contains its own signature, so with jcs the signed body is printed.",
  operands: { file: text("FILE", "the body, byte for byte; - or nothing is standard input", { completes: "file" }) },
  options: {
    ...SECRET_OPTIONS,
    format: choice(FORMATS, "the format of the endpoint (default: standard)", "FORMAT"),
    id: text("ID", "the id of the event (default: a new one)"),
    type: text("TYPE", "the type of the event, which standard has in the body (default: test)", { completes: "type" }),
    at: time("TIME", "when the attempt starts (default: now)"),
  },
  examples: [
    ["signalbox sign order.json --secret-file secret > headers", "sign a file"],
    ["curl -H @headers --data-binary @order.json http://localhost:3000/hook", "send it, signed"],
    ["signalbox sign status.json --secret-file secret --format jcs", "a body for a source of the scheme jcs"],
  ],
  async run(context, given) {
    const { out } = context;
    const { format = "standard", id, type, at } = given;
    refuseUnused(format, given);
    const secret = await requireSecret(context, given, given.file);
    const body = await readFileOrInput(context, given.file);
    if (format === "jcs") return out.write(`${await signedJcs(body, secret)}\n`);
    const headers = await signBody({
      secret,
      body,
      format,
      ...(id !== undefined && { id }),
      ...(type !== undefined && { type }),
      ...(at !== undefined && { timestamp: new Date(at) }),
    });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    await out.item(headers, headers["webhook-id"] ?? null, lines.join("\n"));
  },
});

function refuseUnused(format: (typeof FORMATS)[number], given: Readonly<Record<"id" | "type" | "at", unknown>>): void {
  const { options, why } = UNUSED[format] ?? { options: [], why: "" };
  const named = options.find((name) => given[name] !== undefined);
  if (named !== undefined) throw usage(`--${named} has no effect with the format ${format}: ${why}`);
}

async function signedJcs(body: Buffer, secret: string): Promise<string> {
  try {
    return await signJcs(body.toString(), secret);
  } catch (error) {
    throw usage(`the body cannot be signed: ${(error as Error).message}`);
  }
}
