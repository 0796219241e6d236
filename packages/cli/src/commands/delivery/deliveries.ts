/** `signalbox deliveries`. */
import type { AttemptDetails, DeliveryDetail, Fact } from "../../../../sdk/src/index.ts";
import { type Command, command, group } from "../../command.ts";
import type { Context } from "../../context.ts";
import { usage } from "../../failure.ts";
import { firstRows, LIST_OPTIONS, pageRows } from "../../listing.ts";
import { choice, operand, operands, whole } from "../../options.ts";
import type { ListView } from "../../output/output.ts";
import { safe, safeLines } from "../../output/text.ts";
import { shortTime } from "../../output/time.ts";
import { BULK_OPTIONS, changeEach, changeMatching, refuseUnclear, replayEach } from "./bulk.ts";
import { conditionsOf, FILTER_OPTIONS } from "./delivery-filter.ts";
import { DELIVERY_LIST, statusCell } from "./delivery-views.ts";

const SORTS = ["-created_at", "created_at", "-attempts", "attempts"] as const;
const DELIVERY = operand("DELIVERY_ID", "the delivery", { completes: "delivery" });

const list = command({
  name: "list",
  about: "list deliveries, newest first",
  options: { ...FILTER_OPTIONS, sort: choice(SORTS, "the order (default: -created_at)", "ORDER"), ...LIST_OPTIONS },
  examples: [
    ["signalbox deliveries list --status FAILED --from 1h", "what failed in the last hour"],
    ["signalbox deliveries list --type 'order.*' --http-status 5xx --all --json", "all of them, one a line"],
  ],
  async run({ client, out, signal }, { sort, limit, all, ...filter }) {
    const query = { ...conditionsOf(filter), ...(sort !== undefined && { sort }), limit: pageRows({ limit, all }) };
    await out.list(firstRows(client.deliveries.iterate(query, { signal }), { limit, all }), DELIVERY_LIST);
  },
});

const get = command({
  name: "get",
  about: "show a delivery and its attempts",
  operands: { id: DELIVERY },
  options: {
    attempt: whole("N", "show what this attempt sent and got", { min: 1, max: 1_000_000 }),
    signed: choice(["then", "now"], "with --attempt: signed at that time, or so that a receiver accepts it now"),
  },
  examples: [
    ["signalbox deliveries get del_01…", "its state and each of its attempts"],
    ["signalbox deliveries get del_01… --attempt 1", "the headers and bodies of the first one"],
  ],
  async run({ client, out, signal }, { id, attempt, signed }) {
    if (signed !== undefined && attempt === undefined) throw usage("--signed needs --attempt");
    if (attempt !== undefined) {
      const details = await client.deliveries.getAttempt(id, attempt, {
        signal,
        ...(signed !== undefined && { signed }),
      });
      await out.one(details, { id: ({ id: attemptId }) => attemptId, fields: attemptFields });
      if (out.mode === "people") await out.write(exchange(details));
      return;
    }
    const delivery = await client.deliveries.get(id, { signal });
    await out.one(delivery, { id: () => delivery.id, fields: deliveryFields });
    if (out.mode !== "people" || delivery.attempts.length === 0) return;
    await out.say("");
    await out.list(delivery.attempts, ATTEMPTS);
  },
});

const ATTEMPTS: ListView<DeliveryDetail["attempts"][number]> = {
  id: ({ id }) => id,
  columns: [
    { head: "TRY", cell: ({ attempt_number }) => attempt_number, align: "end" },
    { head: "STARTED", cell: ({ started_at }) => shortTime(started_at), narrow: "omit" },
    { head: "MS", cell: ({ latency_ms }) => latency_ms, align: "end" },
    { head: "HTTP", cell: ({ http_status }) => http_status, align: "end" },
    { head: "CLASS", cell: ({ classification }) => classification },
    { head: "DETAIL", cell: ({ error_detail, hint }) => error_detail ?? hint, narrow: "cut" },
  ],
  none: "",
};

function deliveryFields(delivery: DeliveryDetail) {
  return [
    ["delivery", delivery.id],
    ["status", statusCell(delivery.status)],
    ["event", `${delivery.event_type} (${delivery.event_id})`],
    ["endpoint", `${delivery.endpoint_name} (${delivery.endpoint_id})`],
    ["created", shortTime(delivery.created_at)],
    ["attempts", delivery.attempts_count],
    ["next attempt", shortTime(delivery.next_attempt_at)],
    ["ended", shortTime(delivery.terminal_at)],
    ["reason", delivery.terminal_reason],
    ["last error", delivery.last_error],
  ] as const;
}

function attemptFields(details: AttemptDetails) {
  return [
    ["attempt", details.id],
    ["started", shortTime(details.started_at)],
    ["result", details.classification],
    ["error", details.error],
    ["total ms", Date.parse(details.ended_at) - Date.parse(details.started_at)],
    ...(details.via === null ? [] : [["made by", details.via] as const]),
    ...details.request.differs.map((why) => ["differs", why] as const),
  ] as const;
}

/** The request and the response as HTTP has them. */
function exchange({ url, request, response }: AttemptDetails): string {
  const headers = (all: AttemptDetails["request"]["headers"]) =>
    all.map(({ name, value }) => `${safe(name)}: ${safe(value)}\n`).join("");
  const sent = `\nPOST ${safe(url)}\n${headers(request.headers)}\n${safeLines(request.body)}\n`;
  if (response === null) return `${sent}\nno response\n`;
  return `${sent}\nHTTP ${response.http_status}\n${headers(response.headers)}\n${safeLines(response.body ?? "")}\n`;
}

const why = command({
  name: "why",
  about: "explain what happened to a delivery, and what comes next",
  operands: { id: DELIVERY },
  examples: [["signalbox deliveries why del_01…", "one sentence for each thing that happened"]],
  async run(context, { id }) {
    await printFacts(context, await context.client.deliveries.explain(id, { signal: context.signal }));
  },
});

export async function printFacts({ out }: Context, facts: readonly Fact[]): Promise<void> {
  for (const fact of facts) {
    const at = out.paint((shortTime(fact.at) ?? "").padEnd("2026-01-31T09:00:00Z".length), "dim");
    await out.item(fact, fact.rule, `${at}  ${safe(fact.sentence)}`);
  }
}

const IDS = {
  ...operands("DELIVERY_ID", "the deliveries; without them, filters select", { completes: "delivery" }),
  required: false,
};
const MANY = {
  ...FILTER_OPTIONS,
  all: { ...LIST_OPTIONS.all, about: "every delivery, without a filter" },
  ...BULK_OPTIONS,
};

function change(action: "retry" | "replay" | "cancel", about: string, status: string): Command {
  return command({
    name: action,
    about,
    details: "Without ids, the filters select deliveries as in `deliveries list`, and a job changes all that match.",
    operands: { ids: IDS },
    options: MANY,
    examples: [
      [`signalbox deliveries ${action} del_01…`, "one delivery"],
      [`signalbox deliveries ${action} --status ${status} --from 1h --dry-run`, "only say which"],
      [`signalbox deliveries ${action} --status ${status} --from 1h --yes --watch`, "all of them, to the end"],
    ],
    async run(context, { ids, all, dryRun, yes, watch, perSecond, ...filter }) {
      const conditions = conditionsOf(filter);
      refuseUnclear(ids, conditions, all);
      if (ids.length === 0) return changeMatching(context, action, conditions, { dryRun, yes, watch, perSecond });
      if (action === "replay") return replayEach(context, ids, dryRun);
      if (dryRun) throw usage("--dry-run needs filters instead of ids");
      return changeEach(context, action, ids);
    },
  });
}

export const deliveries = group(
  list,
  get,
  why,
  change("retry", "try deliveries again that failed, expired or were cancelled", "FAILED"),
  change("replay", "deliver again what was delivered, as new deliveries", "DELIVERED"),
  change("cancel", "end deliveries that wait", "HELD"),
);
