/** A tenant's name, which people read as the one who asks them. */
import { TENANT_NAME_CHARS_MAX } from "../limits.ts";
import { hasCharacters, isBlank, isPlain } from "../text/text.ts";

/** What a first tenant is called that was given no name. It says nothing to people, so they are never shown it. */
export const UNNAMED_TENANT = "default";

/** Whether this may be a tenant's name; space around it is removed before it is kept. */
export function isTenantName(text: string): boolean {
  return hasCharacters(text, TENANT_NAME_CHARS_MAX) && isPlain(text) && !isBlank(text);
}

export const TENANT_NAME_RULE = `must have 1 to ${TENANT_NAME_CHARS_MAX} characters, at least one of them visible and none a control character`;

/** Who asks, as people are told; null when the tenant has no name of its own. */
export function requesterOf(tenantName: string): string | null {
  return tenantName === UNNAMED_TENANT ? null : tenantName;
}
