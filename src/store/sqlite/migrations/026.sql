-- The key ends when it was not used for this long. NULL: it need not be used.
ALTER TABLE keys ADD COLUMN idle_ms INTEGER;

-- Terminals whose sign-in waits for a person. A row goes when the terminal gets its key, or after it expired.
CREATE TABLE terminals (
  seq        INTEGER PRIMARY KEY,
  -- SHA-256 of the device code; the code itself is nowhere.
  hash       BLOB NOT NULL UNIQUE,
  user_code  TEXT NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  -- Asked for, and once the person has approved it: granted.
  role       TEXT NOT NULL,
  address    TEXT NOT NULL,
  -- The address, or its IPv6 /64.
  network    TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  -- pending, approved or denied
  state      TEXT NOT NULL,
  -- The user that decided, and for which tenant.
  decided_by BLOB,
  decided_at INTEGER,
  tenant_seq INTEGER REFERENCES tenants (seq)
) STRICT;
