-- Deletes up to this id are the only entries of their documents, and a cache whose build had begun before that has a lower horizon
-- (docs/decisions/0011-compaction.md): once they are old they can be removed.
ALTER TABLE oplog_compaction ADD COLUMN purge_to bigint NOT NULL DEFAULT 0;
