-- Counts the changes of a lane, so that whoever gets two of its states knows which is the newer, also across processes.
ALTER TABLE lanes ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
