/** Explains who got an event and who did not, and who would get one. */
import { matchesFilters, matchingFilter } from "../../../domain/delivery/event.ts";
import { EVENT_TARGETS_MAX } from "../../../domain/limits.ts";
import type { EventEndpointFacts, EventView, Subscribers } from "../../../ports/store.ts";
import { count, type Fact, listed } from "./fact.ts";

// ── All endpoints of an event ───────────────────────────────────────────────────────────────────────────────────────

export function explainEvent(event: EventView): Fact[] {
  const { deliveries, notDelivered } = event;
  const accepted: Fact = {
    at: event.acceptedAt,
    rule: "accepted",
    sentence: `The event ${event.type} was accepted. ${count(deliveries.length, "delivery", "deliveries")} of it ${deliveries.length === 1 ? "exists" : "exist"}.`,
    refs: { eventId: event.id },
  };
  return [
    accepted,
    ...deliveries.map((row): Fact => {
      const refs = { deliveryId: row.id, endpointId: row.endpointId };
      return {
        at: row.createdAt,
        rule: "delivery",
        sentence: `${row.endpointName} got a delivery. It is ${row.state}.`,
        refs,
      };
    }),
    ...notDelivered.map(({ endpointId, endpointName, reason }): Fact => {
      const rule = RULE_OF[reason];
      return {
        at: event.acceptedAt,
        rule,
        sentence: NOT_DELIVERED[reason](endpointName, event.type),
        refs: { endpointId },
      };
    }),
  ];
}

type Reason = EventView["notDelivered"][number]["reason"];

const RULE_OF: Readonly<Record<Reason, string>> = {
  filter: "not_matched",
  disabled: "disabled",
  not_named: "not_named",
};
const NOT_DELIVERED: Readonly<Record<Reason, (name: string, type: string) => string>> = {
  filter: (name, type) => `${name} got no delivery: ${type} matched none of its filters.`,
  disabled: (name) => `${name} got no delivery: it was DISABLED. Recover it to deliver what it missed.`,
  not_named: (name) => `${name} got no delivery: the publisher named other endpoints.`,
};

// ── One endpoint of an event ────────────────────────────────────────────────────────────────────────────────────────

/** Why an endpoint got no delivery, and whether it would now. */
export function explainMissing(facts: EventEndpointFacts): Fact[] {
  const refs = { endpointId: facts.endpoint.id };
  const { rule, sentence } = missing(facts);
  const accepted = `The event ${facts.eventType} was accepted.`;
  return [
    { at: facts.acceptedAt, rule: "accepted", sentence: accepted, refs: {} },
    { at: facts.acceptedAt, rule, sentence, refs },
    ...nowFacts(facts),
  ];
}

function missing({ eventType, named, namedDisabled, endpoint, atPublish }: EventEndpointFacts) {
  const { name } = endpoint;
  if (atPublish === null) return { rule: "not_created", sentence: `${name} did not exist yet.` };
  if (atPublish.status === "DELETED") return { rule: "deleted", sentence: `${name} had been deleted.` };
  if (namedDisabled) {
    return { rule: "disabled", sentence: `The publisher named ${name}, but it was DISABLED, so it got no delivery.` };
  }
  if (named) return { rule: "not_named", sentence: `The publisher named other endpoints than ${name}.` };
  if (!matchesFilters(atPublish.filters, eventType)) {
    const filters = listed(atPublish.filters ?? []);
    return { rule: "not_matched", sentence: `${eventType} matched none of the filters that ${name} had: ${filters}.` };
  }
  if (atPublish.status === "DISABLED") {
    const sentence = `${name} was DISABLED, and a DISABLED endpoint gets no new deliveries. Recover it to deliver what it missed.`;
    return { rule: "disabled", sentence };
  }
  return { rule: "not_retained", sentence: `${name} got a delivery that is no longer retained.` };
}

function nowFacts({ eventType, endpoint }: EventEndpointFacts): Fact[] {
  const { name, now } = endpoint;
  const refs = { endpointId: endpoint.id };
  if (now.status === "DELETED") {
    return [{ at: endpoint.deletedAt, rule: "deleted", sentence: `${name} is deleted by now.`, refs }];
  }
  if (!matchesFilters(now.filters, eventType)) {
    const sentence = `${name} would not get an event of this type now either. Add the filter ${eventType} to change that.`;
    return [{ at: null, rule: "would_not_match", sentence, refs: { ...refs, filter: eventType } }];
  }
  if (now.status === "DISABLED") {
    return [
      { at: null, rule: "would_not_match", sentence: `${name} would not get it now either: it is DISABLED.`, refs },
    ];
  }
  const filter = now.filters === null ? null : matchingFilter(now.filters, eventType);
  const why = filter === null ? "it has no filter" : `it has the filter ${filter}`;
  return [
    {
      at: null,
      rule: "would_match",
      sentence: `${name} would get an event of this type now: ${why}.`,
      refs: { ...refs, ...(filter !== null && { filter }) },
    },
  ];
}

// ── An event that nobody has published ──────────────────────────────────────────────────────────────────────────────

export function explainType(type: string, { count: total, first }: Subscribers): Fact[] {
  if (total === 0) {
    return [
      {
        at: null,
        rule: "nobody",
        sentence: `No endpoint would get an event ${type}. It would be stored without a delivery.`,
        refs: {},
      },
    ];
  }
  if (total > EVENT_TARGETS_MAX) {
    const sentence = `${total} endpoints match ${type}, more than the ${EVENT_TARGETS_MAX} that one event may go to. It would be refused.`;
    return [{ at: null, rule: "too_many", sentence, refs: {} }];
  }
  return first.map(({ endpointId, name, status, filter }): Fact => {
    const why = filter === null ? "it has no filter" : `${type} matches ${filter}`;
    const then = status === "PAUSED" ? ". The delivery would be held, because the endpoint is PAUSED" : "";
    const refs = { endpointId, ...(filter !== null && { filter }) };
    return { at: null, rule: "would_match", sentence: `${name} would get it: ${why}${then}.`, refs };
  });
}
