-- The trace that an event is part of: its traceparent, and after a space its tracestate.
ALTER TABLE events ADD COLUMN trace TEXT;
