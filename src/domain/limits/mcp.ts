/** Limits of the MCP server. Each name ends in its unit, and each comment gives the reason. */
import { KB } from "./units.ts";

/** How long a tool waits. Clients give up after 60 seconds. */
export const MCP_WAIT_SECONDS_MAX = 45;
/** After each step, a waiting client gets a sign of life; and a client that has gone is noticed. */
export const MCP_WAIT_STEP_SECONDS = 10;
/** How long a host waits for a permission. Hosts give such a tool more time than others. */
export const MCP_PERMISSION_SECONDS = 300;
/** How much of a payload a model is shown. */
export const MCP_PAYLOAD_BYTES_MAX = 8 * KB;
/** Tools never change while a server runs: how long a client need not list them again. */
export const MCP_TOOLS_TTL_MS = 3_600_000;
