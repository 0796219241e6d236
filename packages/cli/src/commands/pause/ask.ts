/** `signalbox pause ask`: a question to a person. */
import type { CreatedPause, PauseDetail, PauseInput } from "../../../../sdk/src/index.ts";
import { command } from "../../command.ts";
import { EXIT, usage } from "../../failure.ts";
import { choice, duration, flag, operand, required, text, texts } from "../../options.ts";
import { safe } from "../../output/text.ts";
import { PEOPLE_OPTIONS, type People, peopleOf } from "./people.ts";
import { checkAccepted, leaveOnInterrupt, WAIT_OPTIONS, type Waiting, waitForAnswer } from "./waiting.ts";

const CHANNELS = ["email", "slack", "sms"] as const;

const OPTIONS = {
  option: required(texts("TEXT", "an answer to choose from; 2 to 5 of them")),
  detail: texts("LABEL=VALUE", "a fact that the person sees below the question; up to 20 of them"),
  default: text("TEXT", "the option that is taken when nobody answers in time"),
  timeout: duration("DURATION", "how long the question is open (default: 24h)"),
  to: text("ADDRESS", "who gets the question: an email address, a phone number or a Slack webhook's URL"),
  channel: choice(CHANNELS, "how to send it; email without --to goes to each approver"),
  note: flag("let the person add a note"),
  ...PEOPLE_OPTIONS,
  protected: flag("only a user who has just typed the password may decide"),
  metadata: text("JSON", "an object that the answer and its event return"),
  idempotencyKey: text("KEY", "ask once under this key, however often the command runs within 72 hours"),
  wait: flag("wait for the answer, and print it"),
  ...WAIT_OPTIONS,
};

export const ask = command({
  name: "ask",
  about: "ask a person, and with --wait go on with the answer",
  details:
    "Without --to and --channel nobody is notified, and the link is printed: anyone who has it can decide. With --wait the " +
    "choice is printed on standard output, and the exit code is 0 for an accepted option (--ok, by default the first), 3 for " +
    "another one, 4 if nobody answered in time, and 5 if the question was cancelled. Ctrl-C leaves the question open.",
  operands: { message: operand("MESSAGE", "the question") },
  options: OPTIONS,
  examples: [
    [
      'signalbox pause ask "Deploy 1.4.0?" --option Deploy --option Stop --wait && ./deploy.sh',
      "deploy if somebody agrees",
    ],
    [
      'signalbox pause ask "Deploy 1.4.0?" --option Deploy --option Stop --default Stop --timeout 30m --to ann@example.com --channel email --wait --require-human --idempotency-key "$CI_JOB_ID"',
      "in a CI job: by email, once for each job, and without an answer it is no",
    ],
  ],
  async run(context, given) {
    const { client, out } = context;
    check(given);
    const asking = client.pause(inputOf(given), { idempotencyKey: given.idempotencyKey });
    if (given.wait) leaveOnInterrupt(context, () => asking.then(idOf), given);
    const created = await asking;
    const hasRecipient = given.to !== undefined;
    if (!given.wait) {
      await out.one(created, {
        id: idOf,
        fields: ({ pause_id, respond_url, expires_at }) => [
          ["question", pause_id],
          ["link", hasRecipient ? null : respond_url],
          ["open until", expires_at],
        ],
      });
      return EXIT.done;
    }
    out.tellAll(`Asked as ${created.pause_id}.`);
    if (!hasRecipient && created.respond_url !== null) out.tellAll(`Open to answer: ${safe(created.respond_url)}`);
    return waitForAnswer(context, await client.getPause(created.pause_id), given);
  },
});

const idOf = ({ pause_id: id }: CreatedPause): string => id;

interface Question extends People {
  readonly message: string;
  readonly option: readonly string[];
  readonly detail: readonly string[];
  readonly default: string | undefined;
  readonly timeout: number | undefined;
  readonly to: string | undefined;
  readonly channel: (typeof CHANNELS)[number] | undefined;
  readonly note: boolean;
  readonly protected: boolean;
  readonly metadata: string | undefined;
}

function inputOf(question: Question): PauseInput {
  const { message, option, detail, timeout, to, channel, note, metadata } = question;
  return {
    message,
    options: option,
    ...(detail.length > 0 && { details: detail.map(detailOf) }),
    timeout_default: question.default ?? null,
    recipient: to ?? null,
    channel: channel ?? null,
    allow_text_response: note,
    protected: question.protected,
    ...peopleOf(question),
    metadata: metadata === undefined ? null : objectOf(metadata),
    ...(timeout !== undefined && { expires_in_seconds: timeout }),
  };
}

function detailOf(text: string): PauseDetail {
  const at = text.indexOf("=");
  if (at < 1 || at === text.length - 1) throw usage(`--detail must be LABEL=VALUE, not ${JSON.stringify(text)}`);
  return { label: text.slice(0, at), value: text.slice(at + 1) };
}

function objectOf(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // The same mistake.
  }
  throw usage(`--metadata must be a JSON object, not ${JSON.stringify(text)}`);
}

/** @throws Failure for options that do not go together */
function check({ ok, requireHuman, cancelOnExit, wait, ...question }: Question & Waiting & { readonly wait: boolean }) {
  if (!wait && (ok.length > 0 || requireHuman || cancelOnExit)) {
    throw usage("--ok, --require-human and --cancel-on-exit need --wait");
  }
  if (question.option.length < 2 || question.option.length > 5)
    throw usage("a question has 2 to 5 answers: --option TEXT");
  if (question.default !== undefined && !question.option.includes(question.default))
    throw usage(`--default ${JSON.stringify(question.default)} is none of the options`);
  checkAccepted({ ok, requireHuman }, question.option);
  const isToApprovers = question.channel === "email" && question.approver.length > 0;
  if ((question.to === undefined) !== (question.channel === undefined) && !isToApprovers)
    throw usage("--to and --channel need each other");
}
