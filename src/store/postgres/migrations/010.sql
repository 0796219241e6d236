-- Pauses that several people decide, and what happens before a deadline.

-- A node that does not know quorums would end such a question with one vote: it stops, and can no longer be started. First, as in
-- the transactions of nodes, so that none waits for a table of this one while this one waits for its turn.
UPDATE turn
SET oldest = 10;

-- JSON of a `KnownPlan`. NULL: the first decision ends the pause, and nothing happens before its deadline.
ALTER TABLE pauses ADD COLUMN plan text COLLATE "C";
-- JSON array of `Vote`, in their order. NULL: none.
ALTER TABLE pauses ADD COLUMN votes text COLLATE "C";
-- How many reminders of the plan were due so far.
ALTER TABLE pauses ADD COLUMN reminded bigint NOT NULL DEFAULT 0;
ALTER TABLE pauses ADD COLUMN escalated_at bigint;
-- The next reminder or escalation. NULL: none before the deadline, or the pause has ended.
ALTER TABLE pauses ADD COLUMN step_at bigint;
-- JSON array of `Letter`: the messages that have not been sent yet. NULL: at most one, to the recipient.
ALTER TABLE pauses ADD COLUMN letters text COLLATE "C";
CREATE INDEX pauses_steps ON pauses (step_at, seq) WHERE step_at IS NOT NULL;
