-- What a refused request to a source of scheme basic said in Authorization, to verify it again once the password is
-- right. A table of its own: erasing must not write a body anew, and nothing that lists may come near it.
CREATE TABLE inbound_credentials (
  -- Goes with its record, once that is valid, and with the source.
  inbound_seq INTEGER PRIMARY KEY,
  -- AES-256-GCM
  sealed      BLOB NOT NULL
) STRICT;
