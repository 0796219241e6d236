-- How many Signalbox servers an event came through before this one. NULL: none. It ends loops, so every delivery of the
-- event has to know it, replays included.
ALTER TABLE events ADD COLUMN hops INTEGER;
