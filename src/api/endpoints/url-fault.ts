/** URL rules beside the others: whether an address may be reached is asked of the engine, and named with the rest. */
import type { Fault } from "../../domain/errors.ts";
import type { ApiDeps } from "../deps.ts";

/** A refusal as a rule that reads as a sentence after the field. */
export const urlRule = (reason: string): string => `is refused: ${reason}`;

/** The faults of a body, with that of its `url` if only the engine can tell it. */
export async function withUrlFault(
  { engine, allowHttp }: ApiDeps,
  body: unknown,
  faults: readonly Fault[],
): Promise<readonly Fault[]> {
  if (faults.some(({ field }) => field === "url")) return allowHttp ? faults.map(httpToo) : faults;
  const url = typeof body === "object" && body !== null && "url" in body ? body.url : undefined;
  if (typeof url !== "string") return faults;
  const rule = await engine.endpoints.urlFault(url);
  return rule === null ? faults : [...faults, { field: "url", rule: urlRule(rule) }];
}

/** The schema's words are those of an installation that takes `https:` alone. */
function httpToo(fault: Fault): Fault {
  return fault.field === "url" ? { ...fault, rule: fault.rule.replace("an https URL", "an http or https URL") } : fault;
}
