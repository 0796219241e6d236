-- No delivery waits in the store that is due earlier. NULL: none waits. 0: unknown. PostgreSQL needs it, to pass over the
-- deliveries that have left the lane.
ALTER TABLE lanes ADD COLUMN head_due INTEGER DEFAULT 0;
