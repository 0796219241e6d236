-- The first failed attempt after the last success. Unlike the streak's active time, a pause does not move it.
ALTER TABLE lanes ADD COLUMN failing_since INTEGER;
UPDATE lanes SET failing_since = streak_since_active_ms + held_ms WHERE failure_streak > 0;
