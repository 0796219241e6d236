/** `node reading-program.ts URL LISTENER READER [takeover]`: listens with the SDK, and prints what it gets, a line each. */
import { Signalbox } from "../../packages/sdk/src/index.ts";
import { CHILD_KEY } from "../harness/child.ts";

const [url = "", listener = "", reader = "", takeover] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const client = new Signalbox({ url, apiKey: CHILD_KEY });
const options = { listener, reader, takeover: takeover === "takeover" };
const onStatus = ({ kind }: { readonly kind: string }) => (kind === "connected" ? say("connected") : undefined);
try {
  const end = await client.listen({ ...options, onStatus }, ({ headers, body }) => {
    const [, id] = headers.find(([name]) => name === "webhook-id") ?? [];
    say(`got ${id} ${body}`);
    return { status: 200 };
  });
  say(`ended ${end.reason}`);
} catch (error) {
  say(`ended ${(error as { code?: string }).code}`);
}
