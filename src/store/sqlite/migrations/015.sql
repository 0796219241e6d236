-- The audit by what an act was about and by who acted, and refused requests by their reason.

-- The public id of what the act was about: an endpoint, a delivery, a key, a user, a source, … NULL for the acts of a
-- pause, which are found by pause_id.
ALTER TABLE audit ADD COLUMN subject_id BLOB;
UPDATE audit
SET subject_id = unhex(replace(
  coalesce(
    data ->> 'endpointId', data ->> 'sourceId', data ->> 'inboundId',
    CASE WHEN event_type GLOB 'key.*' THEN data ->> 'keyId' END),
  '-', ''))
WHERE pause_id IS NULL;
CREATE INDEX audit_of_subject ON audit (subject_id, tenant_seq, created_at, event_type) WHERE subject_id IS NOT NULL;
CREATE INDEX audit_of_actor ON audit (actor_id, tenant_seq, created_at, event_type) WHERE actor_id IS NOT NULL;

-- Counts what was refused without reading or sorting a row.
CREATE INDEX inbound_refused_by_reason ON inbound (tenant_seq, source_seq, rejection, received_at)
  WHERE valid = 0;
