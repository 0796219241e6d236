/** `signalbox trigger`: publish an event. */
import { randomUUID } from "node:crypto";
import type { Event, PublishedEvent } from "../../../../sdk/src/index.ts";
import { command } from "../../command.ts";
import type { Context } from "../../context.ts";
import { EXIT, type ExitCode, Failure, failureOf, isAbsence, usage, withSentence } from "../../failure.ts";
import { duration, flag, operand, text, texts } from "../../options.ts";
import { counted, quoted } from "../../output/text.ts";
import { repeated } from "../../watch.ts";
import { DELIVERY_LIST, hasEnded } from "./delivery-views.ts";
import { readPayload } from "./payload.ts";

export const trigger = command({
  name: "trigger",
  about: "publish an event",
  details:
    "With --wait, the exit code is 0 when all deliveries were delivered, 3 when one failed, expired or was cancelled, and " +
    "4 when --timeout was over first. A delivery that is held has not ended. If no endpoint wants the event, the exit code is 0. If the response is lost, the client publishes again with the same idempotency key, so " +
    "that the event exists once.",
  operands: { type: operand("TYPE", "the event type", { completes: "type" }) },
  options: {
    data: text("JSON", "the payload: a JSON object, @file, or - for standard input (default: {})", {
      completes: "file",
    }),
    last: flag("use the payload of the newest event of this type"),
    to: texts("ID", "only these endpoints, whatever their filters", { completes: "endpoint" }),
    wait: flag("wait until all deliveries have ended"),
    timeout: duration("DURATION", "with --wait: wait no longer than this"),
    idempotencyKey: text("KEY", "publish the same event only once in 72 hours"),
  },
  examples: [
    [`signalbox trigger order.created --data '{"id": 1}'`, "publish, and go on"],
    ["signalbox trigger order.created --data @order.json --wait", "wait for the receivers"],
    ["signalbox trigger order.created --last --to ep_01…", "the newest order again, to one endpoint"],
  ],
  async run(context, { type, data, last, to, wait, timeout, idempotencyKey = `cli-${randomUUID()}` }) {
    const { client, out, signal } = context;
    if (last && data !== undefined) throw usage("pass --data or --last, not both");
    if (timeout !== undefined && !wait) throw usage("--timeout needs --wait");
    const payload = last ? await lastPayload(context, type) : await readPayload(context, data ?? "{}");
    const input = { type, payload, ...(to.length > 0 && { endpoint_ids: to }) };
    const published = await client.events.publish(input, { idempotencyKey, signal }).catch((error: unknown) => {
      const failure = failureOf(error);
      if (failure === null || !isAbsence(failure)) throw error;
      throw withSentence(
        failure,
        `To try again without publishing twice, pass --idempotency-key ${quoted(idempotencyKey)}.`,
      );
    });
    if (wait) {
      const { event_id: id } = published;
      const sentence = `The event ${id} is published; \`signalbox events get ${id}\` shows its deliveries.`;
      context.onInterrupt(() => out.warn(sentence));
      return waitForAll(context, published, timeout).catch((error: unknown) => {
        throw withSentence(error, sentence);
      });
    }
    await out.one(published, { id: ({ event_id }) => event_id, fields: publishedFields });
    return EXIT.done;
  },
});

function publishedFields({ event_id, deliveries }: PublishedEvent) {
  const count = deliveries.length;
  const isRepeat = count > 0 && deliveries.every(({ created }) => !created);
  const note = count === 0 ? ": no endpoint wants it" : isRepeat ? ", published before with this key" : "";
  return [
    ["event", event_id],
    ["deliveries", `${count}${note}`],
  ] as const;
}

async function lastPayload({ client, signal }: Context, type: string): Promise<string> {
  const { results } = await client.events.list({ type, limit: 1 }, { signal });
  const [newest] = results;
  if (newest !== undefined) return client.events.getPayload(newest.id, { signal });
  throw new Failure(EXIT.missing, "EVENT_NOT_FOUND", `There is no event of the type ${JSON.stringify(type)} yet.`);
}

async function waitForAll(context: Context, { event_id: id }: PublishedEvent, seconds?: number): Promise<ExitCode> {
  const { client, out, signal } = context;
  const endMs = seconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + seconds * 1000;
  const event = await repeated(context, {
    goesOn: `The event ${id} is published; asking for its deliveries again.`,
    endMs,
    async look() {
      const latest = await client.events.get(id, { signal });
      const open = latest.deliveries.filter((delivery) => !hasEnded(delivery));
      const held = open.filter(({ status }) => status === "HELD").length;
      const why = held === 0 ? "" : `, ${held} held: nobody listens, or the endpoint is not active`;
      out.progress(
        `${id}: ${counted(open.length, "delivery", "deliveries")} of ${latest.deliveries.length} not ended${why}`,
      );
      return open.length === 0 || Date.now() >= endMs ? latest : null;
    },
  });
  out.endProgress();
  if (out.mode === "people")
    await out.list(event.deliveries, { ...DELIVERY_LIST, none: `${id}: no endpoint wants it.` });
  else await out.one(event, { id: () => id, fields: () => [] });
  return outcomeOf(event);
}

function outcomeOf({ deliveries }: Event): ExitCode {
  if (!deliveries.every(hasEnded)) return EXIT.timedOut;
  return deliveries.every(({ status }) => status === "DELIVERED") ? EXIT.done : EXIT.otherOutcome;
}
