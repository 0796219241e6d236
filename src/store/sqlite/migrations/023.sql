-- Times and sequences that only grow have their own table, with a type. What stays in meta is text.
CREATE TABLE marks (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO marks SELECT name, value FROM meta WHERE typeof(value) = 'integer';
DELETE FROM meta WHERE typeof(value) = 'integer';
