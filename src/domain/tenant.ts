/** A tenant's name, which people read as the one who asks them. */
import { TENANT_NAME_CHARS_MAX } from "./limits.ts";
import { hasCharacters, isBlank, isPlain } from "./text.ts";

/** Whether this may be a tenant's name; space around it is removed before it is kept. */
export function isTenantName(text: string): boolean {
  return hasCharacters(text, TENANT_NAME_CHARS_MAX) && isPlain(text) && !isBlank(text);
}

export const TENANT_NAME_RULE = `must have 1 to ${TENANT_NAME_CHARS_MAX} characters, at least one of them visible and none a control character`;
