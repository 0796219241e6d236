-- Quotas: what each tenant may have, and the sums of what it has where counting rows would take too long.

-- A JSON object of the quotas that differ from their defaults.
ALTER TABLE tenants ADD COLUMN quotas TEXT NOT NULL DEFAULT '{}';
ALTER TABLE tenants ADD COLUMN open_pauses INTEGER NOT NULL DEFAULT 0;
-- Payloads of events, verified requests and pauses, with 256 bytes for each row; see `storedBytes` in domain/quota.ts.
ALTER TABLE tenants ADD COLUMN stored_bytes INTEGER NOT NULL DEFAULT 0;

-- Row by row into one row per tenant: GROUP BY would sort every event that is kept. `octet_length` reads no payload.
CREATE TEMP TABLE stored (
  tenant_seq INTEGER PRIMARY KEY,
  bytes      INTEGER NOT NULL
);
INSERT INTO stored
SELECT tenant_seq, octet_length(payload) + 256 * (1 + delivery_count)
FROM events
WHERE true
ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
INSERT INTO stored
SELECT tenant_seq, octet_length(body) + 256
FROM inbound
WHERE valid = 1 AND tenant_seq IS NOT NULL
ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
INSERT INTO stored
SELECT tenant_seq, octet_length(message) + octet_length(options) + ifnull(octet_length(metadata), 0) + 256
FROM pauses
WHERE true
ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
UPDATE tenants
SET stored_bytes = ifnull((SELECT bytes FROM stored WHERE tenant_seq = tenants.seq), 0),
    open_pauses = (SELECT count(*) FROM pauses WHERE tenant_seq = tenants.seq AND status = 0);
DROP TABLE stored;

-- Counts and lists the keys that are not revoked, however many were.
DROP INDEX keys_of_tenant;
CREATE INDEX keys_live ON keys (tenant_seq) WHERE revoked_at IS NULL;
