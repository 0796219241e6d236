/** The shapes of filters, of actions on everything that matches, and of jobs. */
import type { CallOptions } from "../http.ts";
import type { Delivery, DeliveryStatus } from "../types.ts";

/** Selects deliveries in lists, which are newest first. */
export interface DeliveryFilter extends DeliveryConditions {
  /** `-` is descending. Default: `-created_at`. */
  readonly sort?: "-created_at" | "created_at" | "-attempts" | "attempts";
  /** Also count all matching deliveries: `total` and `as_of` of the page. */
  readonly count?: boolean;
  /** Ignores deliveries that were created later. Pass the `as_of` of the first page. */
  readonly as_of?: string;
  /** 1 to 100. Default: 20. */
  readonly limit?: number;
}

/** One page of deliveries. */
export interface DeliveryPage {
  readonly results: readonly Delivery[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
  /** With `count`: how many deliveries match. */
  readonly total?: number;
  /** With `count` or `as_of`. */
  readonly as_of?: string;
}

/** Which deliveries match. All conditions must hold. An array matches any of its values. */
export interface DeliveryConditions {
  readonly status?: DeliveryStatus | readonly DeliveryStatus[];
  /** At most 50. */
  readonly endpoint_id?: string | readonly string[];
  readonly event_id?: string;
  /** An exact event type, or a prefix that ends in `.*`. */
  readonly event_type?: string;
  /** An exact event, delivery or endpoint id, or the start of an event type. */
  readonly search?: string;
  /** Created at or after this time, RFC 3339. */
  readonly from?: string;
  /** Created before this time, RFC 3339. */
  readonly to?: string;
  /** Of the latest attempt, such as `503`, or a class of them, such as `5xx`. */
  readonly http_status?: string;
  /** Of the latest attempt. */
  readonly classification?: string;
  readonly terminal_reason?: string;
  readonly attempts_min?: number;
}

/** How to export deliveries. */
export interface ExportOptions extends CallOptions {
  /** CSV (RFC 4180) with a byte-order mark, or a JSON object a line. Default: `csv`. */
  readonly format?: "csv" | "ndjson" | undefined;
  /** A text of 8 to 64 characters under which `getExport` and the topic `export` tell how far the export is. */
  readonly progress?: string | undefined;
}

/** An action on all deliveries that match. */
export interface BulkInput {
  readonly action: "retry" | "replay" | "cancel";
  /** `{}` is every delivery. `delivery_id` names at most 100. */
  readonly filter: DeliveryConditions & { readonly delivery_id?: readonly string[] };
  /** The `as_of` of a list or of a count: later deliveries are left alone. Default: now. */
  readonly as_of?: string;
  /** How many deliveries the job changes in a second, 1 to 10,000. Default: as many as possible. */
  readonly per_second?: number | null;
}

/** What an action would change. */
export interface BulkCount {
  readonly action: BulkInput["action"];
  readonly dry_run: true;
  readonly as_of: string;
  readonly total: number;
  /** Deliveries that match, but that the action cannot change. */
  readonly unchanged: number;
  /** The endpoints with the most of them, at most 100. */
  readonly endpoints: readonly {
    readonly endpoint_id: string;
    readonly endpoint_name: string;
    readonly count: number;
  }[];
  /** The newest of them. */
  readonly sample: readonly Delivery[];
}

/** A job that was started for an action. */
export interface BulkStarted {
  readonly job_id: string;
  readonly as_of: string;
  readonly total: number;
}

/** A background job and its progress. */
export interface Job {
  /** `job_…`. */
  readonly id: string;
  readonly kind: "recover" | "cancel_backlog" | "bulk_retry" | "bulk_replay" | "bulk_cancel";
  readonly state: "running" | "done" | "cancelled";
  /** Deliveries changed or created so far. */
  readonly done: number;
  /** Deliveries that matched at the start; null if they were not counted. */
  readonly total: number | null;
  /** Deliveries that could not be changed. */
  readonly failed: number;
  readonly failures: readonly { readonly reason: string; readonly count: number }[];
  readonly per_second: number | null;
  /** The job's endpoint, if it concerns only one. */
  readonly endpoint_id: string | null;
  /** Who started it. */
  readonly by: { readonly kind: "key" | "user" | "system"; readonly id: string; readonly name: string | null } | null;
  readonly created_at: string;
  readonly finished_at: string | null;
}

/** Which jobs to list. */
export interface JobFilter {
  readonly state?: Job["state"];
  readonly kind?: Job["kind"];
  /** 1 to 100. Default: 20. */
  readonly limit?: number;
}

/** One page of jobs. */
export interface JobPage {
  readonly results: readonly Job[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}
