-- What the server does if a person approves, and how far it is: a JSON object. NULL: the question asks for nothing of the server.
ALTER TABLE pauses ADD COLUMN act text COLLATE "C";
