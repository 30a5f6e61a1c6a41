-- What the columns of each entity met in its documents, and the identity of the MongoDB history that the position belongs to.

-- Counts since the newest scan of the entity began, so that scanning the same data again gives the same numbers.
CREATE TABLE column_count (
    entity_id       integer  NOT NULL,
    -- Index in the shape's columns.
    column_index    smallint NOT NULL,
    -- Documents in which the column's path met a value; 0 after a scan means that the path is probably wrong.
    met             bigint   NOT NULL DEFAULT 0,
    -- Values that the column could not hold.
    coercion_errors bigint   NOT NULL DEFAULT 0,
    CONSTRAINT column_count_pkey PRIMARY KEY (entity_id, column_index),
    CONSTRAINT column_count_entity_id_fkey FOREIGN KEY (entity_id) REFERENCES entity (id) ON DELETE CASCADE
);
DROP TABLE entity_counter;

-- The raw { _id } of the document, with which a retry reads it again; null if it is too large to keep.
ALTER TABLE dead_letter ADD COLUMN document_key bytea;

-- The id of the replica set or sharded cluster that the position belongs to; null if the server did not tell.
ALTER TABLE mongo_resume_token ADD COLUMN source_id text;
-- The raw token of the newest change that the oplog has. A server whose history does not have it is another one, or a copy
-- that has gone its own way; the position's own token may be a mere time, which any server accepts.
ALTER TABLE mongo_resume_token ADD COLUMN change_token bytea;
