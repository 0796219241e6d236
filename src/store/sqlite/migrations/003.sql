-- People: their sessions, and what may become of a user.

ALTER TABLE users ADD COLUMN password_changed_at INTEGER;
-- From then on nobody signs in as it, and its sessions are void.
ALTER TABLE users ADD COLUMN disabled_at INTEGER;
CREATE INDEX users_of_tenant ON users (tenant_seq);
-- An address is the same person's in capitals.
CREATE UNIQUE INDEX users_by_email ON users (email COLLATE NOCASE);

CREATE TABLE sessions (
  seq        INTEGER PRIMARY KEY,
  -- SHA-256 of the token; the token itself is nowhere.
  hash       BLOB NOT NULL UNIQUE,
  user_seq   INTEGER NOT NULL REFERENCES users (seq),
  created_at INTEGER NOT NULL,
  -- When it was last used, to the minute.
  seen_at    INTEGER NOT NULL,
  -- However much it is used.
  expires_at INTEGER NOT NULL,
  -- Signed out, replaced by another sign-in, or ended by a change of the password.
  ended_at   INTEGER
) STRICT;
CREATE INDEX sessions_live ON sessions (user_seq) WHERE ended_at IS NULL;
