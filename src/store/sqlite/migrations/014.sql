-- People: links with which a user sets a password, and where each session is.

-- SHA-256 of the token of the user's latest link; the token itself is nowhere. It stays when the link was used, so that
-- a repeated call is recognized.
ALTER TABLE users ADD COLUMN link_hash BLOB;
ALTER TABLE users ADD COLUMN link_until INTEGER;
CREATE UNIQUE INDEX users_by_link ON users (link_hash) WHERE link_hash IS NOT NULL;

ALTER TABLE sessions ADD COLUMN address TEXT;
ALTER TABLE sessions ADD COLUMN user_agent TEXT;

-- What a tenant's pages and links may do.
-- A JSON array of the origins that may show the tenant's portal in a frame.
ALTER TABLE tenants ADD COLUMN portal_origins TEXT NOT NULL DEFAULT '[]';
-- 1: no key gets the link of a pause.
ALTER TABLE tenants ADD COLUMN links_withheld INTEGER NOT NULL DEFAULT 0;
