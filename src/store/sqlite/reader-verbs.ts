/** Which function carries out which reading verb. */
import { HOUSE_DELIVERIES_MAX } from "../../domain/limits.ts";
import type { Store } from "../../ports/store.ts";
import { listAudit } from "./audit-views.ts";
import { countLeases } from "./delivery-sources.ts";
import { getDelivery } from "./delivery-views.ts";
import { findEndpoints, matchTypes } from "./endpoint-filters.ts";
import { getEndpoint, listEndpoints, listEndpointsFrom, loadDestinations } from "./endpoint-views.ts";
import { getEvent } from "./events.ts";
import { getCredentials } from "./inbound/credentials.ts";
import { findSource, getDeletedSource, getSource, hadSource, listSources } from "./inbound/source-views.ts";
import { findInboundOfEvent, getInbound, listInbound, listRejected } from "./inbound/views.ts";
import { countBehind } from "./ledger/advance.ts";
import { readProgress } from "./ledger/ledger.ts";
import { listDeliveries } from "./lists.ts";
import { findKey, findKeyTenant, findTenant, getJob, listKeys, listTenants } from "./lookups.ts";
import { getPause, listPauses } from "./pause-views.ts";
import type { Reading } from "./reading.ts";
import { findSession, findUserByEmail } from "./session-views.ts";
import { countEndpointHealth, countLatency, countVolume } from "./statistics.ts";
import { tail } from "./tail.ts";
import { findQuotas, getTenant } from "./tenant-views.ts";
import { findUser, listUsers } from "./user-views.ts";

type ReaderTable = {
  [V in Exclude<keyof Store, "close" | "stats">]?: (
    r: Reading,
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
  listDeliveries,
  getDelivery,
  getEvent,
  tail,
  countVolume,
  countLatency,
  countEndpointHealth,
  getJob,
  listKeys,
  listTenants,
  findTenant,
  getTenant,
  findQuotas,
  findKey,
  findKeyTenant,
  findUser,
  listUsers,
  findUserByEmail,
  findSession,
  getPause,
  listPauses,
  listAudit,
  getSource,
  hadSource,
  getDeletedSource,
  listSources,
  findSource,
  listInbound,
  getInbound,
  getCredentials,
  listRejected,
  findInboundOfEvent,
} satisfies ReaderTable;

/** Verbs that see the latest commit and change nothing. */
export const READER_VERBS = {
  ...VERBS,
  /** Part of `stats`. */
  countLeased: (reading: Reading) => countLeases(reading, HOUSE_DELIVERIES_MAX),
  /** Part of `keepLedger`. */
  countBehind: (reading: Reading) => countBehind(reading, readProgress(reading)),
};
