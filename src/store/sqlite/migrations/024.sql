-- Several nodes can share a store, although not this one. heard_since: since when the node has been heard without a
-- gap. gone_at: it stopped, or was taken for dead. is_void: what it held has been given back.
ALTER TABLE nodes ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE nodes ADD COLUMN version TEXT NOT NULL DEFAULT '';
ALTER TABLE nodes ADD COLUMN heard_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE nodes ADD COLUMN gone_at INTEGER;
ALTER TABLE nodes ADD COLUMN is_void INTEGER NOT NULL DEFAULT 0;
UPDATE nodes SET gone_at = seen_at;

-- What changed, for example a pause, and the node that changed it. 0: the command line.
ALTER TABLE foreign_changes ADD COLUMN subject BLOB;
ALTER TABLE foreign_changes ADD COLUMN node INTEGER NOT NULL DEFAULT 0;
