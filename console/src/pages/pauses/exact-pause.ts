/** A pause as the console shows it: a person approves the numbers that the caller sent, and `JSON.parse` rounds some. */
import { parseExactly } from "@domain/text/exact-json.ts";
import type { Pause } from "@signalbox/sdk";
import { apiFor } from "../../session/api.ts";

export interface ExactPause extends Pause {
  /** The metadata as indented JSON text. */
  readonly metadataText: string | null;
}

export async function readPause(tenant: string | undefined, id: string, signal: AbortSignal): Promise<ExactPause> {
  let body = "";
  const pause = await apiFor(tenant, async (...request) => {
    const response = await fetch(...request);
    body = await response.clone().text();
    return response;
  }).getPause(id, { signal });
  if (pause.metadata === null) return { ...pause, metadataText: null };
  const { metadata } = parseExactly(body) as Pick<Pause, "metadata">;
  return { ...pause, metadataText: JSON.stringify(metadata, null, 2) };
}
