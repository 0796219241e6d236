/** `signalbox resend`: sign a recorded request anew, and post it. */
import { type ListenAnswer, sign } from "../../../../sdk/src/index.ts";
import { command } from "../../command.ts";
import type { Context } from "../../context.ts";
import { EXIT, type ExitCode, Failure } from "../../failure.ts";
import { readFileOrInput, readSecret, SECRET_OPTIONS } from "../../input.ts";
import { flag, operands, required, text } from "../../options.ts";
import { safe } from "../../output/text.ts";
import { listenerKey } from "../../settings/settings.ts";
import { type Header, Poster } from "./post.ts";
import { type Recorded, readRecorded } from "./record.ts";
import { outcomeOf } from "./sentences.ts";
import { urlOf } from "./targets.ts";

const TIMEOUT_MS = 30_000;

export const resend = command({
  name: "resend",
  about: "send a request again that `listen --record` wrote",
  details:
    "The request gets a new timestamp and a new signature, by the secret of the listener that received it. Exit 0 means " +
    "a 2xx status, 3 another response or none.",
  operands: { files: operands("FILE", "what to send", { completes: "file" }) },
  options: {
    to: required(text("URL", "the service, such as http://localhost:3000/hook")),
    insecure: flag("accept any certificate of the service"),
    ...SECRET_OPTIONS,
  },
  examples: [["signalbox resend requests/*.json --to http://localhost:3000/hook", "send them in their order"]],
  async run(context, given) {
    const url = urlOf(given.to, "--to");
    const poster = new Poster([], { insecure: given.insecure });
    const secret = await readSecret(context, given);
    let exit: ExitCode = EXIT.done;
    for (const file of given.files) {
      const recorded = readRecorded((await readFileOrInput(context, file)).toString(), file);
      const headers = await signedHeaders(recorded, secret ?? storedSecret(context, recorded));
      const signal = AbortSignal.any([context.signal, AbortSignal.timeout(TIMEOUT_MS)]);
      const answer = await poster.post(url, { headers, body: recorded.body, timeoutMs: TIMEOUT_MS, signal });
      await print(context, recorded, answer);
      if (!("status" in answer) || answer.status < 200 || answer.status > 299) exit = EXIT.otherOutcome;
    }
    return exit;
  },
});

async function signedHeaders(recorded: Recorded, secret: string): Promise<readonly Header[]> {
  const { body, event_id: id, event_type: type, delivery_id: deliveryId, attempt_number: attempt } = recorded;
  const signed = await sign({ secret, body, format: recorded.format, id, type, deliveryId, attempt });
  return [...recorded.headers.filter(([name]) => !(name.toLowerCase() in signed)), ...Object.entries(signed)];
}

function storedSecret({ settings }: Context, { server, listener }: Recorded): string {
  const { listeners } = settings.credentials();
  const key = listenerKey(server, listener);
  if (Object.hasOwn(listeners, key)) return listeners[key] ?? "";
  const message = `The secret of ${safe(listener)} is not on this machine. Pass it with --secret-file or --secret-stdin.`;
  throw new Failure(EXIT.missing, "SECRET_NOT_FOUND", message);
}

async function print({ out }: Context, { event_id, event_type, delivery_id }: Recorded, answer: ListenAnswer) {
  const { label, color, detail } = outcomeOf(answer, true);
  const status = "status" in answer ? answer.status : null;
  const classification = "failure" in answer ? answer.failure : null;
  const line = `${out.paint(label, color)}  ${safe(event_type)}  ${safe(event_id)}${detail && `  ${detail}`}`;
  await out.item({ event_id, event_type, delivery_id, status, classification }, event_id, line);
}
