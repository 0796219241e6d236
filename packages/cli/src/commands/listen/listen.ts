/** `signalbox listen`: receive deliveries on this machine, and post them to a local service. */
import path from "node:path";
import { command } from "../../command.ts";
import { EXIT, usage } from "../../failure.ts";
import { readSecret, SECRET_OPTIONS } from "../../input.ts";
import { eventFilters, flag, text, texts } from "../../options.ts";
import { safe } from "../../output/text.ts";
import { userAtHost } from "../../user-at-host.ts";
import { askFresh, cancelWaiting, keepSecret, listenerInput, listenerSecret, putListener } from "./listener.ts";
import { type Header, Poster } from "./post.ts";
import { receive } from "./receive.ts";
import { Recorder } from "./record.ts";
import { eventTypesOf, readTargets, targetName } from "./targets.ts";
import { readUntil } from "./until.ts";

const NAME_CHARS_MAX = 200;

export const listen = command({
  name: "listen",
  about: "receive deliveries on this machine, without an address",
  details:
    "The server sends them over a connection that this command opens, and the response of your service is the outcome of " +
    "the attempt. While nobody listens, deliveries wait. A lost connection is opened again. In a terminal a list shows what arrives, with keys to " +
    "retry, replay, pause and look at it; otherwise each attempt is a line.",
  options: {
    forwardTo: text("URL", "the local service, such as http://localhost:3000/hook"),
    forward: texts(
      "TYPE=URL",
      "where events of a type or a prefix go, such as 'invoice.*=http://localhost:3000/invoices'",
    ),
    exec: text("COMMAND", "run a command for each delivery: payload on standard input, headers as WEBHOOK_…"),
    events: eventFilters("TYPES", "only these types or prefixes, such as order.* (default: all)"),
    source: text("SOURCE", "only what this source sends", { completes: "source" }),
    like: text("ID", "the filter, format, retries and headers of this endpoint", { completes: "endpoint" }),
    name: text("NAME", "the name of the listener (default: cli/you@machine)"),
    header: texts("HEADER", "a header to add or replace, as NAME: VALUE"),
    insecure: flag("accept any certificate of the local service"),
    record: text("FOLDER", "write each request to a file, for signalbox resend", { completes: "file" }),
    until: texts("WHEN", "end after delivered=10, or after a time such as 5m"),
    fresh: flag("first cancel what waits"),
    yes: flag("do not ask"),
    takeover: flag("displace another terminal that listens with this name"),
    ...SECRET_OPTIONS,
    printSecret: flag("only print the signing secret"),
  },
  examples: [
    ["signalbox listen --forward-to http://localhost:3000/hook", "receive everything"],
    ["signalbox listen --forward-to 3000 --events 'order.*,invoice.*'", "some types only"],
    ["signalbox listen --exec ./handler.sh", "exit 0 is a 200, 75 a 503 and all else a 500"],
    ["signalbox listen --forward-to 3000 --until delivered=10 --until 5m", "in a test: exit 0, or 4 after 5 minutes"],
    ["signalbox listen --print-secret", "the secret that your service verifies signatures with"],
  ],
  async run(context, given) {
    const name = given.name ?? `cli/${userAtHost()}`.slice(0, NAME_CHARS_MAX);
    if (given.printSecret) {
      const printed = await listenerSecret(context, name, await readSecret(context, given));
      await keepSecret(context, name, printed);
      await context.out.item({ secret: printed }, printed, printed);
      return EXIT.done;
    }
    const targets = readTargets(given, context.project);
    const until = readUntil(given.until);
    const poster = new Poster(given.header.map(headerOf), { insecure: given.insecure });
    const folder = given.record === undefined ? null : path.resolve(context.folder, given.record);
    const recorder = folder === null ? null : new Recorder(folder, context.connection.url);
    const { events, source, like, takeover } = given;
    const secret = await listenerSecret(context, name, await readSecret(context, given));
    const input = await listenerInput(context, { name, secret, events, source, like, targeted: eventTypesOf(targets) });
    const waiting = given.fresh ? await askFresh(context, name, given) : null;
    const listener = await putListener(context, input, given);
    if (waiting !== null) await cancelWaiting(context, waiting);
    const onOpen = async () => {
      // Another start may have changed the listener before this one had it.
      await putListener(context, input, { takeover: true });
      await keepSecret(context, name, secret);
    };
    const all = [...targets.forwards.map(({ target }) => target), ...(targets.others === null ? [] : [targets.others])];
    const places = all.map((target) => safe(targetName(target))).join(", ");
    if (context.terminal === null) context.out.tell(`${safe(listener.name)} → ${places}`);
    return receive(context, { places, recorder, listener, targets, poster, until, takeover, onOpen });
  },
});

function headerOf(text: string): Header {
  const [, name = "", value = ""] = /^([\w!#$%&'*+.^`|~-]+):\s*(.*)$/.exec(text) ?? [];
  if (name === "") throw usage(`--header must be NAME: VALUE, not ${JSON.stringify(text)}`);
  return [name, value];
}
