-- Ready lanes by tenant, so that one tenant's many do not stand before all others'.

ALTER TABLE lanes ADD COLUMN tenant_seq INTEGER NOT NULL DEFAULT 0;
UPDATE lanes SET tenant_seq = (SELECT tenant_seq FROM endpoints WHERE seq = endpoint_seq);

-- Both serve the adoption of lanes: the first finds what is ready, the second what each tenant has ready.
DROP INDEX lanes_ready;
CREATE INDEX lanes_ready ON lanes (ready_at, tenant_seq) WHERE ready_at IS NOT NULL AND owner IS NULL;
CREATE INDEX lanes_ready_of_tenant ON lanes (tenant_seq, ready_at) WHERE ready_at IS NOT NULL AND owner IS NULL;
