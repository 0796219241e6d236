-- Keys: when one was last used, when it expires, and who created it.

-- Accurate to an hour, so that a busy key costs one write an hour.
ALTER TABLE keys ADD COLUMN used_at INTEGER;
-- NULL: never.
ALTER TABLE keys ADD COLUMN expires_at INTEGER;
-- key or user; NULL: the server's first start or the command line.
ALTER TABLE keys ADD COLUMN created_by_kind TEXT;
ALTER TABLE keys ADD COLUMN created_by BLOB;
