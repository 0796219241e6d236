-- Events without a delivery, for the list of events. All others are found through their deliveries, so the success path
-- writes no index of events.
CREATE INDEX events_alone_of_tenant ON events (tenant_seq) WHERE delivery_count = 0;

-- What an attempt got besides the body, and how long its parts took; see `timingsText` in domain/delivery/timings.ts.
ALTER TABLE attempts ADD COLUMN response_headers TEXT;
ALTER TABLE attempts ADD COLUMN timings TEXT;
