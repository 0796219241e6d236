/** The surface that a path belongs to, whether or not there is a route. */

export type Surface = "pauses" | "dashboard" | "pauseStatus" | "other";

const PREFIXES: readonly (readonly [Surface, readonly string[]])[] = [
  ["pauses", ["/v1/pause", "/v1/respond", "/v1/webhooks", "/v1/audit", "/v1/auth"]],
  ["dashboard", ["/dashboard"]],
  ["pauseStatus", ["/api/v1/webhooks/pause-status", "/in"]],
];

export function surfaceOf(path: string): Surface {
  const isUnder = (prefix: string) => path === prefix || path.startsWith(`${prefix}/`);
  return PREFIXES.find(([, prefixes]) => prefixes.some(isUnder))?.[0] ?? "other";
}
