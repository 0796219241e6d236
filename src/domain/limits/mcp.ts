/** Limits of the MCP server. Each name ends in its unit, and each comment gives the reason. */
import { HOUR_MS, KB, SECOND_MS } from "./units.ts";

/** How long a tool waits. Clients give up after 60 seconds. */
export const MCP_WAIT_SECONDS_MAX = 45;
/** How often a client that waits gets a sign of life, if it asked for progress. */
export const MCP_PROGRESS_MS = 10 * SECOND_MS;
/** How long a host waits for a permission. Hosts give such a tool more time than others. */
export const MCP_PERMISSION_SECONDS = 300;
/** Deliveries that an agent may ask a person to replay: their ids fit into the question's metadata. */
export const ACT_DELIVERIES_COUNT_MAX = 300;
/** Endpoints that the question of a replay names. A person reads no more of them. */
export const ACT_ENDPOINTS_SHOWN_MAX = 10;
/** How long a person has to approve an act, unless the agent says otherwise. */
export const ACT_MINUTES_DEFAULT = 60;
/** How long an approval counts. Later, the endpoint may be in another state than the person saw. */
export const ACT_APPROVAL_MS = HOUR_MS;
/** How much of a payload a model is shown. */
export const MCP_PAYLOAD_BYTES_MAX = 8 * KB;
/** Tools never change while a server runs: how long a client need not list them again. */
export const MCP_TOOLS_TTL_MS = 3_600_000;
