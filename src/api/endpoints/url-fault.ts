/** Faults of an endpoint's URL. Only the engine knows which addresses an endpoint may have. */
import type { Fault } from "../../domain/errors.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, type Problem } from "../errors/problem.ts";

/** @param reason why the engine refused the URL */
export function urlRefused(reason: string): Problem {
  return invalid([urlFault(reason)]);
}

function urlFault(reason: string): Fault {
  return { field: "url", rule: `is refused: ${reason}` };
}

/** The faults of a body, including the engine's fault of its `url` if the schema accepts that. */
export async function withUrlFault(
  { engine, allowHttp }: Pick<ApiDeps, "engine" | "allowHttp">,
  body: unknown,
  faults: readonly Fault[],
): Promise<readonly Fault[]> {
  if (faults.some(({ field }) => field === "url")) return allowHttp ? faults.map(allowingHttp) : faults;
  const url = typeof body === "object" && body !== null && "url" in body ? body.url : undefined;
  if (typeof url !== "string") return faults;
  const reason = await engine.endpoints.urlFault(url);
  return reason === null ? faults : [...faults, urlFault(reason)];
}

/** The schema's text is for installations that accept only `https:`. */
function allowingHttp(fault: Fault): Fault {
  return fault.field === "url" ? { ...fault, rule: fault.rule.replace("an https URL", "an http or https URL") } : fault;
}
