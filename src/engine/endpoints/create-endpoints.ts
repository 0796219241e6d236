/** Puts together what the engine does with endpoints, and with the readers of those that are listeners. */
import type { Uuid } from "../../domain/ids.ts";
import { Endpoints, type EndpointsOptions } from "./endpoints.ts";
import { Listeners, type ListenersOptions } from "./listeners.ts";
import { Reports, type ReportsOptions } from "./reports.ts";

type CreateOptions = Omit<EndpointsOptions, "onDeleted"> &
  Omit<ListenersOptions, "endpoints" | "reports"> &
  ReportsOptions;

export function createEndpoints(options: CreateOptions) {
  const reports = new Reports(options);
  const onDeleted = (id: Uuid) => listeners.deleted(id);
  const endpoints = new Endpoints({ ...options, onDeleted });
  const listeners: Listeners = new Listeners({ ...options, endpoints, reports });
  return { endpoints, listeners, reports };
}
