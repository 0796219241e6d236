/** Which function runs which reading verb. */

import { LANE_POOL_DELIVERIES_MAX } from "../../domain/limits.ts";
import type { Store } from "../../ports/store.ts";
import { listAudit } from "../access/audit-views.ts";
import { findKey, findKeyTenant, findTenant, listKeys } from "../access/lookups.ts";
import { findSession, findUserByEmail, listSessions } from "../access/session-views.ts";
import { findQuotas, getTenant } from "../access/tenant-views.ts";
import { findTerminal, findTerminalState } from "../access/terminal-views.ts";
import { findUser, isPasswordLink, listUsers } from "../access/user-views.ts";
import { findEndpoints, matchTypes } from "../endpoints/endpoint-filters.ts";
import {
  countEndpointStates,
  getEndpoint,
  listEndpoints,
  listEndpointsFrom,
  listListeners,
  loadDestinations,
} from "../endpoints/endpoint-views.ts";
import { findReaders } from "../endpoints/listener-readers.ts";
import { countLeases } from "../history/delivery-sources.ts";
import { getDelivery } from "../history/delivery-views.ts";
import { listEvents } from "../history/events/event-list.ts";
import { listEventTypes } from "../history/events/event-types.ts";
import { getEvent } from "../history/events.ts";
import { findDeliveryFacts } from "../history/explain/delivery-facts.ts";
import { countTypes, findEventFacts, findSubscribers } from "../history/explain/event-facts.ts";
import { listDeliveries } from "../history/lists.ts";
import { countBacklogs, countInProgress } from "../history/statistics/backlogs.ts";
import {
  countEndpointAttempts,
  countEndpointHealth,
  countLatency,
  countVolume,
} from "../history/statistics/statistics.ts";
import { readMinutes, readTallies } from "../history/statistics/tallies.ts";
import { tail } from "../history/tail.ts";
import { IDLE_READS } from "../idle-reads.ts";
import { countInbound } from "../inbound/counts.ts";
import { getCredentials } from "../inbound/credentials.ts";
import { findSource, getDeletedSource, getSource, hadSource, listSources } from "../inbound/source-views.ts";
import { findInboundOfEvent, getInbound, listInbound, listRejected, sumRefused } from "../inbound/views.ts";
import { countPauseEndings } from "../pauses/pause-statistics.ts";
import { countOpenPauses, countPauses, getPause, listPauses } from "../pauses/pause-views.ts";
import { listReceiptKeys } from "../pauses/receipt-keys.ts";
import type { ReadConnection } from "../read-connection.ts";
import { changesOfNodes } from "../upkeep/changes-of-nodes.ts";
import { getJob, listJobs } from "../upkeep/job-views.ts";
import { listNodes } from "../upkeep/nodes.ts";

type ReaderTable = {
  [V in Exclude<keyof Store, "close" | "stats" | "notes">]?: (
    r: ReadConnection,
    ...args: Parameters<Store[V]>
  ) => Awaited<ReturnType<Store[V]>>;
};

const VERBS = {
  matchTypes,
  findEndpoints,
  loadDestinations,
  getEndpoint,
  listEndpoints,
  listEndpointsFrom,
  countEndpointStates,
  listListeners,
  findReaders,
  listDeliveries,
  getDelivery,
  getEvent,
  listEvents,
  listEventTypes,
  findDeliveryFacts,
  findEventFacts,
  findSubscribers,
  countTypes,
  tail,
  countVolume,
  countLatency,
  countEndpointHealth,
  countEndpointAttempts,
  readTallies,
  readMinutes,
  countBacklogs,
  countInProgress,
  getJob,
  listJobs,
  listKeys,
  listReceiptKeys,
  findTenant,
  getTenant,
  findQuotas,
  findKey,
  findKeyTenant,
  findUser,
  listUsers,
  isPasswordLink,
  findUserByEmail,
  findSession,
  listSessions,
  findTerminal,
  findTerminalState,
  getPause,
  listPauses,
  countPauses,
  countPauseEndings,
  listAudit,
  getSource,
  hadSource,
  getDeletedSource,
  listSources,
  findSource,
  listInbound,
  sumRefused,
  countInbound,
  getInbound,
  getCredentials,
  listRejected,
  findInboundOfEvent,
  listNodes,
} satisfies ReaderTable;

/** Verbs that see the latest commit and change nothing. */
export const READER_VERBS = {
  ...VERBS,
  /** `changesSince` of a store that several nodes share. */
  changesOfNodes,
  /** Part of `stats`. */
  countForStats: (connection: ReadConnection) => ({
    leased: countLeases(connection, LANE_POOL_DELIVERIES_MAX),
    openPauses: countOpenPauses(connection),
  }),
  /** Part of `stats` on PostgreSQL: the bytes of the database. */
  measureDatabase: (connection: ReadConnection) =>
    Number(connection.prepare("SELECT pg_database_size(current_database()) AS bytes").get()?.bytes),
  ...IDLE_READS,
};
