/** Every page: its path after `/console`, the least role that may see it, and its file. */
import type { Role } from "@domain/access/access.ts";
import type { ComponentType } from "react";

export interface PageEntry {
  readonly path: string;
  readonly needs: Role;
  readonly load: () => Promise<{ readonly default: ComponentType }>;
}

type Load = PageEntry["load"];

function page(path: string, load: Load, needs: Role = "viewer"): PageEntry {
  return { path, needs, load };
}

export const PAGES: readonly PageEntry[] = [
  page("/", () => import("../pages/overview/overview-page.tsx")),
  page("/endpoints", () => import("../pages/endpoints/endpoints-page.tsx")),
  page("/endpoints/new", () => import("../pages/endpoints/new-endpoint-page.tsx"), "developer"),
  page("/endpoints/$id", () => import("../pages/endpoints/endpoint-page.tsx")),
  page("/endpoints/$id/$tab", () => import("../pages/endpoints/endpoint-page.tsx")),
  page("/event-types", () => import("../pages/events/event-types-page.tsx")),
  page("/events", () => import("../pages/events/events-page.tsx")),
  page("/events/publish", () => import("../pages/events/publish-page.tsx"), "developer"),
  page("/events/$id", () => import("../pages/events/event-page.tsx")),
  page("/deliveries", () => import("../pages/deliveries/deliveries-page.tsx")),
  page("/deliveries/$id", () => import("../pages/deliveries/delivery-page.tsx")),
  page("/pauses", () => import("../pages/pauses/pauses-page.tsx")),
  page("/pauses/$id", () => import("../pages/pauses/pause-page.tsx")),
  page("/inbound", () => import("../pages/inbound/sources-page.tsx"), "org_admin"),
  page("/inbound/quarantine", () => import("../pages/inbound/quarantine-page.tsx"), "org_admin"),
  page("/inbound/$source", () => import("../pages/inbound/source-page.tsx"), "org_admin"),
  page("/inbound/$source/$tab", () => import("../pages/inbound/source-page.tsx"), "org_admin"),
  page("/inbound/$source/events/$id", () => import("../pages/inbound/record-page.tsx"), "org_admin"),
  page("/jobs", () => import("../pages/jobs/jobs-page.tsx")),
  page("/jobs/exports", () => import("../pages/deliveries/exports-page.tsx")),
  page("/jobs/$id", () => import("../pages/jobs/job-page.tsx")),
  page("/access", () => import("../pages/access/keys-page.tsx"), "org_admin"),
  page("/access/keys", () => import("../pages/access/keys-page.tsx"), "org_admin"),
  page("/access/users", () => import("../pages/access/users-page.tsx"), "org_admin"),
  page("/access/tenants", () => import("../pages/access/tenants-page.tsx"), "global_admin"),
  page("/access/audit", () => import("../pages/access/audit-page.tsx"), "org_admin"),
  page("/cli", () => import("../pages/access/terminal-page.tsx")),
  page("/settings", () => import("../pages/settings/settings-page.tsx")),
  page("/health", () => import("../pages/health/health-page.tsx"), "org_admin"),
  page("/go/$id", () => import("../pages/overview/go-page.tsx")),
];
