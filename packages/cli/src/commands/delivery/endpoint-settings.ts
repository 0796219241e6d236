/** `signalbox endpoints create` and `set`: the settings of an endpoint as options. */
import type { Endpoint, EndpointInput } from "../../../../sdk/src/index.ts";
import { command } from "../../command.ts";
import type { Context } from "../../context.ts";
import { usage } from "../../failure.ts";
import { choice, duration, eventFilters, flag, operand, text, texts } from "../../options.ts";
import type { Cell } from "../../output/table.ts";
import { durationSeconds, shortTime } from "../../output/time.ts";
import { statusCell } from "./delivery-views.ts";

const FORMATS = ["standard", "plain", "pausepoint", "pacspace"] as const;

const SETTINGS = {
  name: text("NAME", "its name (new endpoints: the host of the URL)"),
  description: text("TEXT", "a description"),
  type: eventFilters("TYPE", "an event type, or a prefix such as order.*; all means every type (new endpoints: all)"),
  format: choice(FORMATS, "the format of its deliveries (new endpoints: plain)", "FORMAT"),
  header: texts("HEADER", 'a header that each delivery has, as "Name: value"'),
  timeout: duration("DURATION", "how long an attempt may take, up to 30s (new endpoints: 10s)"),
  retrySchedule: text("LIST", "the waits before each retry, such as 5s,1m,10m; none for no retry"),
  rateLimit: text("N", "attempts a second at most; none for no limit"),
  maxInFlight: text("N", "attempts at the same time, 1 to 256"),
  ordered: choice(["yes", "no"], "one delivery at a time, in order"),
};

interface Given {
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly type: readonly string[];
  readonly format: (typeof FORMATS)[number] | undefined;
  readonly header: readonly string[];
  readonly timeout: number | undefined;
  readonly retrySchedule: string | undefined;
  readonly rateLimit: string | undefined;
  readonly maxInFlight: string | undefined;
  readonly ordered: "yes" | "no" | undefined;
}

export const create = command({
  name: "create",
  about: "create an endpoint; its secret is shown only once",
  operands: { address: operand("URL", "where the deliveries go") },
  options: { ...SETTINGS, secretStdin: flag("read the secret from standard input; by default the server makes one") },
  examples: [
    ["signalbox endpoints create https://shop.example.com/hook --type 'order.*' --format standard", "for orders"],
    ["signalbox endpoints create https://crm.example.com/hook --header 'Authorization: Bearer x'", "with a header"],
  ],
  async run(context, { address, secretStdin, ...given }) {
    const { client, out, signal } = context;
    const secret = secretStdin ? { secret: await readSecret(context) } : {};
    const created = await client.endpoints.create({ url: address, ...secret, ...settingsOf(given) }, { signal });
    await out.one(created, {
      id: ({ id }) => id,
      fields: (endpoint) => [
        ...endpointFields(endpoint),
        ...(endpoint.secret === undefined ? [] : [["secret, shown only now", endpoint.secret] as const]),
      ],
    });
  },
});

export const set = command({
  name: "set",
  about: "change the settings of an endpoint",
  operands: { id: operand("ENDPOINT_ID", "the endpoint", { completes: "endpoint" }) },
  options: { to: text("URL", "where the deliveries go from now on"), ...SETTINGS },
  examples: [
    ["signalbox endpoints set ep_01… --type order.created --type order.paid", "the types that it gets"],
    ["signalbox endpoints set ep_01… --rate-limit none --ordered yes", "two settings at once"],
  ],
  async run({ client, out, signal }, { id, to, ...given }) {
    const changes = { ...(to !== undefined && { url: to }), ...settingsOf(given) };
    if (Object.keys(changes).length === 0) throw usage("no setting is given; see signalbox endpoints set --help");
    const changed = await client.endpoints.update(id, changes, { signal });
    await out.one(changed, { id: () => changed.id, fields: endpointFields });
  },
});

async function readSecret(context: Context): Promise<string> {
  const secret = (await context.readInput()).toString("utf8").replace(/\r?\n$/, "");
  if (secret === "") throw usage("--secret-stdin needs a secret on standard input");
  return secret;
}

/** By the names of the API. The server checks the values. */
function settingsOf(given: Given): Omit<EndpointInput, "url" | "secret"> {
  const { name, description, type, format, header, timeout, retrySchedule, rateLimit, maxInFlight, ordered } = given;
  return {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(type.length > 0 && { event_types: type.includes("all") ? null : type }),
    ...(format !== undefined && { format }),
    ...(header.length > 0 && { headers_json: Object.fromEntries(header.map(headerOf)) }),
    ...(timeout !== undefined && { timeout_seconds: timeout }),
    ...(retrySchedule !== undefined && { retry_schedule_seconds: scheduleOf(retrySchedule) }),
    ...(rateLimit !== undefined && {
      rate_limit_per_second: rateLimit === "none" ? null : numberOf("--rate-limit", rateLimit),
    }),
    ...(maxInFlight !== undefined && { max_in_flight: numberOf("--max-in-flight", maxInFlight) }),
    ...(ordered !== undefined && { ordered: ordered === "yes" }),
  };
}

function headerOf(text: string): readonly [string, string] {
  const found = /^([^:\s]+):[ \t]*(.*)$/s.exec(text);
  if (found === null) throw usage(`--header must be "Name: value", not ${JSON.stringify(text)}`);
  return [found[1] ?? "", found[2] ?? ""];
}

function scheduleOf(text: string): readonly number[] {
  if (text === "none") return [];
  return text.split(",").map((each) => {
    const seconds = durationSeconds(each.trim());
    if (seconds === null) throw usage(`--retry-schedule must be waits such as 5s,1m,10m, not ${JSON.stringify(text)}`);
    return seconds;
  });
}

function numberOf(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw usage(`${name} must be a whole number, not ${JSON.stringify(text)}`);
}

export function endpointFields(endpoint: Endpoint): readonly (readonly [string, Cell])[] {
  const { waiting, health, backlog, headers_json: headers } = endpoint;
  return [
    ["endpoint", endpoint.id],
    ["name", endpoint.name],
    ["url", endpoint.url],
    ["status", statusCell(endpoint.status)],
    ["state", health.state],
    ["types", endpoint.event_types?.join(" ") ?? "all"],
    ["format", endpoint.format],
    ["headers", Object.keys(headers).join(", ")],
    ["timeout", `${endpoint.timeout_seconds} s`],
    ["retries after", endpoint.retry_schedule_seconds.map((seconds) => `${seconds} s`).join(", ") || "no retry"],
    ["rate limit", endpoint.rate_limit_per_second === null ? "none" : `${endpoint.rate_limit_per_second} a second`],
    ["in flight", `at most ${endpoint.max_in_flight}${endpoint.ordered ? ", in order" : ""}`],
    ["waiting", `${waiting.count}${waiting.more ? "+" : ""}`],
    ["oldest waiting", shortTime(backlog.oldest_at)],
    ["failing since", shortTime(health.failing_since)],
    ["last failure", health.last_failure?.error],
    ["disabled", endpoint.disabled_reason],
    ["created", shortTime(endpoint.created_at)],
  ];
}
