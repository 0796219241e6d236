-- What events are matched by: a row for each filter of an endpoint that is neither DISABLED nor deleted, `*` for one
-- without filters. Filters that another one of the same endpoint covers are left out, so an event's type finds each
-- endpoint once.
CREATE TABLE endpoint_filters (
  tenant_seq   INTEGER NOT NULL,
  filter       TEXT NOT NULL,
  endpoint_seq INTEGER NOT NULL,
  PRIMARY KEY (tenant_seq, filter, endpoint_seq)
) STRICT, WITHOUT ROWID;

INSERT INTO endpoint_filters
SELECT e.tenant_seq, '*', e.seq
FROM endpoints e
WHERE e.deleted_at IS NULL AND e.status <> 'DISABLED' AND e.event_types IS NULL;

INSERT OR IGNORE INTO endpoint_filters
SELECT e.tenant_seq, f.value, e.seq
FROM endpoints e
CROSS JOIN json_each(e.event_types) f
WHERE e.deleted_at IS NULL AND e.status <> 'DISABLED' AND e.event_types IS NOT NULL
  AND NOT EXISTS (
    SELECT 1
    FROM json_each(e.event_types) wider
    WHERE wider.value GLOB '*.[*]' AND wider.value <> f.value
      AND substr(f.value, 1, length(wider.value) - 1) = substr(wider.value, 1, length(wider.value) - 1));
