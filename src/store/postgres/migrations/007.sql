-- What the person should know to decide: a JSON array of labels and values. NULL: there is none.
ALTER TABLE pauses ADD COLUMN details text COLLATE "C";
