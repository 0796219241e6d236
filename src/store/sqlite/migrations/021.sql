-- Refused requests by their reason: the index alone answers which ones, and how many.
DROP INDEX inbound_refused_of_tenant;
CREATE INDEX inbound_refused_of_tenant
  ON inbound (kind, tenant_seq, received_at, seq, direction, source_seq, source_name, event_type, rejection)
  WHERE valid = 0;
