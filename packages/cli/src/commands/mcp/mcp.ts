/** `signalbox mcp`: the server's tools for agents, over standard input and output. */
import { command } from "../../command.ts";
import type { Context } from "../../context.ts";
import { EXIT, Failure, failureOf, isAbsence } from "../../failure.ts";
import { Bridge } from "./bridge.ts";

export const mcp = command({
  name: "mcp",
  about: "give an agent the server's tools, over standard input and output (MCP)",
  details:
    "A host such as an editor or an agent starts this command and speaks the Model Context Protocol with it. The messages go " +
    "to the server's /mcp, which takes a key of the role agent only: the agent asks people, and cannot answer itself. Create the " +
    "key with `signalbox admin keys add --role agent` or in the console, and pass it in SIGNALBOX_API_KEY.",
  examples: [["signalbox mcp", "what to enter as the command of an MCP server in your host"]],
  async run({ client, connection, fetch, input, out, signal }) {
    await requireAgent(client, signal);
    const bridge = new Bridge({ ...connection, fetch, write: (line) => out.write(line) });
    signal.addEventListener("abort", () => bridge.close());
    await bridge.run(input);
  },
});

/** A server that is away may come back: until then, each message gets an error. */
async function requireAgent({ session }: Context["client"], signal: AbortSignal): Promise<void> {
  const me = await session.me({ signal }).catch((error: unknown) => {
    const failure = failureOf(error);
    if (failure === null || !isAbsence(failure)) throw error;
    return null;
  });
  if (me === null || me.role === "agent") return;
  throw new Failure(
    EXIT.refused,
    "AGENT_KEY_REQUIRED",
    `This key has the role ${me.role}, with which an agent could answer its own questions, and more. Give it a key of the role agent.`,
    { hint: "signalbox admin keys add --name my-agent --role agent" },
  );
}
