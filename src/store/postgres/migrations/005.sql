-- The trace that the event of its ending is part of, as in events.
ALTER TABLE pauses ADD COLUMN trace text COLLATE "C";
