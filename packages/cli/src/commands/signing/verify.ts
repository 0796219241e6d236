/** `signalbox verify`: whether a delivery's signature is good, and if not, why. */
import { verify as verifyBody, WebhookVerificationError } from "../../../../sdk/src/index.ts";
import { command } from "../../command.ts";
import { EXIT, Failure, usage } from "../../failure.ts";
import { readFileOrInput, requireSecret, SECRET_OPTIONS } from "../../input.ts";
import { choice, duration, text, texts, time } from "../../options.ts";
import { type Delivery, explanation } from "./explanation.ts";
import { verifyJcs } from "./verify-jcs.ts";

const SCHEMES = ["standard", "pacspace", "plain", "pausepoint", "jcs"] as const;

export const verify = command({
  name: "verify",
  about: "check the signature of a delivery, and say why it fails",
  details:
    "The body must be what arrived, byte for byte. The headers may be in any order, with others among them. Exit 0 means " +
    "that the signature is good, and 1 that it is not.",
  operands: { file: text("FILE", "the body, byte for byte; - or nothing is standard input", { completes: "file" }) },
  options: {
    ...SECRET_OPTIONS,
    header: texts("HEADER", "a header of the delivery, as NAME: VALUE"),
    headers: text("FILE", "a file with a header on each line", { completes: "file" }),
    scheme: choice(SCHEMES, "the signature to check (default: the first whose header is there)", "SCHEME"),
    tolerance: duration("DURATION", "how far the timestamp may be from now (default: 5m)"),
    at: time("TIME", "check as of this time (default: now)"),
  },
  examples: [
    ["signalbox verify body.json --headers headers.txt --secret-file secret", "check a delivery"],
    ["signalbox verify body.json --headers headers.txt --secret-file secret --tolerance 30d", "check an old one"],
    ["signalbox verify status.json --secret-file secret --scheme jcs", "check a body that contains its signature"],
  ],
  async run(context, given) {
    const { scheme, tolerance = 300, at } = given;
    const secret = await requireSecret(context, given, given.file);
    const file = given.headers === undefined ? "" : (await readFileOrInput(context, given.headers)).toString();
    const headers = [...file.split(/\r?\n/).filter(isHeader), ...given.header].map(pairOf);
    const body = await readFileOrInput(context, given.file);
    const now = at === undefined ? new Date() : new Date(at);
    const good =
      scheme === "jcs"
        ? await verifyJcs(body, secret)
        : await verifyDelivery({ body, headers, secret, scheme, toleranceSeconds: tolerance, now });
    await context.out.one(good, {
      id: ({ id }) => id,
      fields: (event) => [
        ["signature", { text: `good (${event.scheme})`, color: "green" }],
        ["event", event.id],
        ["type", event.type],
        ["attempted", event.attempted_at],
      ],
    });
  },
});

/** A line of a file. A file that curl or a proxy wrote begins with the request or the status, and may end with the body. */
function isHeader(line: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+:/.test(line);
}

function pairOf(line: string): readonly [string, string] {
  const colon = line.indexOf(":");
  if (!isHeader(line)) throw usage(`--header must be NAME: VALUE, not ${JSON.stringify(line)}`);
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

/** @throws Failure that says what is wrong with the delivery */
async function verifyDelivery({ scheme, ...delivery }: Delivery) {
  try {
    const event = await verifyBody({ ...delivery, ...(scheme !== undefined && { scheme }) });
    const attempted_at = event.attemptedAt?.toISOString() ?? null;
    return { verified: true, scheme: event.scheme, id: event.id, type: event.type, attempted_at };
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    const more = await explanation({ ...delivery, scheme }, error.code);
    throw new Failure(EXIT.failed, error.code, more === null ? error.message : `${error.message} ${more}`);
  }
}
