/** Counters of what the engine reports as it happens. Each label has a fixed set of values. */
import { Counter, Histogram, type Registry } from "prom-client";
import { REJECTIONS } from "../domain/inbound/request.ts";
import { CHANNELS } from "../domain/pauses/pause.ts";
import type { Attempted, Counted, Noticed } from "../ports/telemetry.ts";

/** Up to the longest timeout of an endpoint, 30 s. */
const LATENCY_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** From a first attempt on the same machine to the end of a long retry schedule. */
const AGE_BUCKETS_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 1800, 7200, 28_800, 86_400, 604_800];
/** From somebody who waits for the message to somebody who is on holiday. */
const ANSWER_BUCKETS_SECONDS = [10, 30, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 259_200, 604_800];

const INBOUND_OUTCOMES = ["accepted", "duplicate", "challenge", "refused", "over_quota", "limited"] as const;
const REPROCESSED_OUTCOMES = ["published", "failed", "duplicate"] as const;
const NOTIFICATION_OUTCOMES = ["sent", "retried", "failed"] as const;

export interface Happenings {
  attempted(attempt: Pick<Attempted, "outcome" | "classification" | "latencyMs" | "ageMs">): void;
  noticed(level: Noticed["level"]): void;
  counted(happening: Counted): void;
}

export function createHappenings(registry: Registry): Happenings {
  return { ...attemptMetrics(registry), ...noticeMetrics(registry), ...countedMetrics(registry) };
}

function attemptMetrics(registry: Registry): Pick<Happenings, "attempted"> {
  const registers = [registry];
  const attempts = new Counter({
    registers,
    name: "signalbox_attempts_total",
    help: "Attempts that ended.",
    labelNames: ["outcome", "classification"],
  });
  attempts.inc({ outcome: "SUCCESS", classification: "success" }, 0);
  const latency = new Histogram({
    registers,
    name: "signalbox_attempt_latency_seconds",
    help: "From an attempt's start to its end.",
    buckets: LATENCY_BUCKETS_SECONDS,
  });
  const age = new Histogram({
    registers,
    name: "signalbox_delivered_age_seconds",
    help: "From an event's acceptance to the end of the attempt that delivered it.",
    buckets: AGE_BUCKETS_SECONDS,
  });
  return {
    attempted({ outcome, classification, latencyMs, ageMs }) {
      attempts.inc({ outcome, classification });
      latency.observe(latencyMs / 1000);
      if (outcome === "SUCCESS") age.observe(ageMs / 1000);
    },
  };
}

function noticeMetrics(registry: Registry): Pick<Happenings, "noticed"> {
  const notices = new Counter({
    registers: [registry],
    name: "signalbox_notices_total",
    help: "Log lines that are not about an attempt.",
    labelNames: ["level"],
  });
  for (const level of ["info", "warn", "error"]) notices.inc({ level }, 0);
  return { noticed: (level) => notices.inc({ level }) };
}

function countedMetrics(registry: Registry): Pick<Happenings, "counted"> {
  const inbound = inboundCounters(registry);
  const notifications = new Counter({
    registers: [registry],
    name: "signalbox_notifications_total",
    help: "Tries to notify a person of a pause.",
    labelNames: ["channel", "outcome"],
  });
  for (const channel of CHANNELS) {
    for (const outcome of NOTIFICATION_OUTCOMES) notifications.inc({ channel, outcome }, 0);
  }
  const answers = new Histogram({
    registers: [registry],
    name: "signalbox_pause_answer_seconds",
    help: "From the creation of a pause to its answer by a person.",
    buckets: ANSWER_BUCKETS_SECONDS,
  });
  return {
    counted(happening) {
      switch (happening.what) {
        case "inbound":
          inbound.requests.inc({ outcome: happening.outcome });
          if (happening.outcome === "refused") inbound.refused.inc({ reason: happening.reason });
          return;
        case "reprocessed":
          inbound.reprocessed.inc({ outcome: happening.outcome });
          return;
        case "notification":
          notifications.inc({ channel: happening.channel, outcome: happening.outcome });
          return;
        case "answer":
          answers.observe(happening.afterMs / 1000);
      }
    },
  };
}

function inboundCounters(registry: Registry) {
  const registers = [registry];
  const requests = new Counter({
    registers,
    name: "signalbox_inbound_requests_total",
    help: "Webhooks that arrived at a source, by what became of them.",
    labelNames: ["outcome"],
  });
  for (const outcome of INBOUND_OUTCOMES) requests.inc({ outcome }, 0);
  const refused = new Counter({
    registers,
    name: "signalbox_inbound_refused_total",
    help: "Webhooks that were not verified, or not complete.",
    labelNames: ["reason"],
  });
  for (const reason of REJECTIONS) refused.inc({ reason }, 0);
  const reprocessed = new Counter({
    registers,
    name: "signalbox_inbound_reprocessed_total",
    help: "Stored inbound requests that somebody processed again.",
    labelNames: ["outcome"],
  });
  for (const outcome of REPROCESSED_OUTCOMES) reprocessed.inc({ outcome }, 0);
  return { requests, refused, reprocessed };
}
