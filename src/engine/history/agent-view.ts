/** What the history hides from agents: the events of pauses, which have the answers to other agents' questions. */
import { responseShownTo } from "../../domain/endpoints/redact.ts";
import type { Uuid } from "../../domain/ids.ts";
import type { Caller } from "../access/caller.ts";

/** Whether the caller is an agent, and events of this type and their deliveries do not exist for it. */
export function isHidden({ actor }: Caller, eventType: string): boolean {
  return actor.agent !== undefined && eventType.startsWith("pause.");
}

/** Those of some deliveries that an agent must not see or does not have. Nothing is hidden from others. */
export async function hiddenDeliveries(
  caller: Caller,
  ids: readonly Uuid[],
  find: (id: Uuid) => Promise<unknown>,
): Promise<readonly Uuid[]> {
  if (caller.actor.agent === undefined) return [];
  const found = await Promise.all(ids.map(find));
  return ids.filter((_id, at) => found[at] === null);
}

interface Answered {
  readonly url: string;
  readonly snippet: string | null;
  readonly responseHeaders: string | null;
}

/** The attempt without the secrets of its URL that the receiver may have repeated. */
export function attemptShownTo<Attempt extends Answered>({ actor }: Caller, attempt: Attempt): Attempt {
  const shown = (text: string | null) => text && responseShownTo(actor.role, attempt.url, text);
  return { ...attempt, snippet: shown(attempt.snippet), responseHeaders: shown(attempt.responseHeaders) };
}
