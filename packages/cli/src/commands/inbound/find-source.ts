import type { Signalbox, Source } from "../../../../sdk/src/index.ts";
import { EXIT, Failure } from "../../failure.ts";
import { operand } from "../../options.ts";

export const SOURCE = operand("SOURCE", "the id or the name of the source", { completes: "source" });

function isId(idOrName: string): boolean {
  return /^src_[0-9a-f-]{36}$/.test(idOrName);
}

/** For a filter: only a name needs the role that may list sources. */
export async function sourceIdOf(client: Signalbox, idOrName: string): Promise<string> {
  return isId(idOrName) ? idOrName : (await findSource(client, idOrName)).id;
}

/** Names are unique in an installation, and easier to remember than ids. */
export async function findSource(client: Signalbox, idOrName: string): Promise<Source> {
  if (isId(idOrName)) return client.sources.get(idOrName);
  for await (const source of client.sources.list({ limit: 100 })) if (source.name === idOrName) return source;
  throw new Failure(EXIT.missing, "SOURCE_NOT_FOUND", `There is no source ${JSON.stringify(idOrName)}.`);
}
