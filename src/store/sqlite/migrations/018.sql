-- Pauses that a signed-in user decides, that are listed by their deadline, and whose message can be sent again.

-- A JSON object {protected, approvers: [{id, email}]}; NULL: anyone who has the link may decide.
ALTER TABLE pauses ADD COLUMN sign_in TEXT;
-- {id, email} of the signed-in user who decided.
ALTER TABLE pauses ADD COLUMN decided_by TEXT;
-- The event of its ending; NULL while it is pending, and for a pause that ended before this migration.
ALTER TABLE pauses ADD COLUMN event_id BLOB;
ALTER TABLE pauses ADD COLUMN resends INTEGER NOT NULL DEFAULT 0;
CREATE INDEX pauses_by_deadline ON pauses (tenant_seq, expires_at) WHERE status = 0;

-- The same, of the pause that the event is about. It is part of the event's body, and may outlive the pause.
ALTER TABLE events ADD COLUMN decided_by TEXT;
