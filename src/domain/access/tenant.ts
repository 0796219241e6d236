/** Tenant names. People see the name as the requester of a pause. */
import { TENANT_NAME_CHARS_MAX } from "../limits.ts";
import type { Pause } from "../pauses/pause.ts";
import { isNameUpTo, nameRule } from "../text/text.ts";

/** The name of the first tenant when none was configured. It means nothing to people, so it is never shown to them. */
export const UNNAMED_TENANT = "default";

export interface TenantSettings {
  /** The origins of the sites that may show the tenant's portal in a frame. */
  readonly portalOrigins: readonly string[];
  /** `withheld`: no key gets the link of a pause, so the program that asks a question cannot answer it. */
  readonly links: "shown" | "withheld";
}

/** Whether `text` is an origin as browsers send it, such as `https://shop.example.com`. */
export function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** Whether `text` is a valid tenant name. White space around it is removed before it is stored. */
export function isTenantName(text: string): boolean {
  return isNameUpTo(TENANT_NAME_CHARS_MAX, text);
}

export const TENANT_NAME_RULE = nameRule(TENANT_NAME_CHARS_MAX);

/**
 * Who asks a question, to show to people: the tenant, and the agent's key if an agent asks, or the server for it. Null when there is only a
 * tenant with the default name.
 */
export function requesterOf({ tenantName, agent, act }: Pick<Pause, "tenantName" | "agent" | "act">): string | null {
  const tenant = tenantName === UNNAMED_TENANT ? null : tenantName;
  if (agent === null) return tenant;
  // An agent cannot choose these words: it writes only the question.
  if (act !== null) return `${tenant ?? "Signalbox"} (the server, for the agent key ${agent.name})`;
  return tenant === null ? `Agent key ${agent.name}` : `${tenant} (agent key ${agent.name})`;
}
