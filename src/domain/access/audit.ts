/** The audit log: who did what. */

export const AUDIT_TYPES = [
  "pause.created",
  "pause.ask_refused",
  "pause.notified",
  "pause.opened",
  "pause.reminded",
  "pause.escalated",
  "pause.voted",
  "pause.extended",
  "pause.responded",
  "pause.timed_out",
  "pause.cancelled",
  "pause.answer_refused",
  "pause.resent",
  "pause.link_revealed",
  "pause.act_begun",
  "key.created",
  "key.rotated",
  "key.revoked",
  "receipt_key.rotated",
  "terminal.approved",
  "terminal.denied",
  "tenant.updated",
  "user.created",
  "user.updated",
  "user.link_created",
  "user.password_set",
  "session.created",
  "session.ended",
  "webhook.created",
  "webhook.updated",
  "webhook.rotated",
  "webhook.tested",
  "webhook.recovered",
  "webhook.deleted",
  "webhook.listened",
  "delivery.retried",
  "delivery.cancelled",
  "delivery.replayed",
  "event.retried",
  "job.started",
  "job.cancelled",
  "export.started",
  "source.created",
  "source.updated",
  "source.rotated",
  "source.deleted",
  "inbound.reprocessed",
  "inbound.noted",
  "inbound.deleted",
] as const;
export type AuditType = (typeof AUDIT_TYPES)[number];

/**
 * `developer`: a caller of the API. `user`: a signed-in user who did something to a pause. `human`: a person who had a
 * pause's link. `system`: Signalbox itself.
 */
export const AUDIT_ACTORS = ["developer", "user", "human", "system"] as const;
export type AuditActor = (typeof AUDIT_ACTORS)[number];
