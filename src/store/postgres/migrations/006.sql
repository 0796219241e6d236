-- Keys of the role agent: what one may do, and whom it stands for.

-- Names with commas between them. NULL for other roles.
ALTER TABLE keys ADD COLUMN scopes text COLLATE "C";
-- The id of the agent's first key, which a rotated key keeps. NULL for other roles.
ALTER TABLE keys ADD COLUMN agent_id bytea;
UPDATE keys
SET scopes = 'ask,read', agent_id = id
WHERE role = 'agent';

-- The agent that asked, and the name that its key had. NULL: somebody else asked.
ALTER TABLE pauses ADD COLUMN agent_id bytea;
ALTER TABLE pauses ADD COLUMN agent_name text COLLATE "C";
-- An agent's own list, and how many questions it asked in the last minute.
CREATE INDEX pauses_of_agent ON pauses (agent_id, seq) WHERE agent_id IS NOT NULL;
-- Counts an agent's open questions, and lists them by deadline.
CREATE INDEX pauses_open_of_agent ON pauses (agent_id, expires_at, seq) WHERE agent_id IS NOT NULL AND status = 0;
