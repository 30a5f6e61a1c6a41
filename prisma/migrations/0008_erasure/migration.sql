-- Erasure of documents (docs/decisions/0015-erasure.md).

-- How many generations of the cache have files on the node. 1: nothing is left of an earlier one. Null: the node has not told.
ALTER TABLE node_offset ADD COLUMN generations integer;

-- ANALYZE copies values into the statistics, where an erasure cannot find them. No statement needs statistics of these columns;
-- packages/db/src/statements/partition.ts gives new partitions the same setting. ALTER TYPE, even to the same type, drops the statistics that exist.
ALTER TABLE oplog_staging ALTER COLUMN data SET STATISTICS 0, ALTER COLUMN data TYPE text;
ALTER TABLE dead_letter
    ALTER COLUMN raw SET STATISTICS 0, ALTER COLUMN raw TYPE bytea,
    ALTER COLUMN document_key SET STATISTICS 0, ALTER COLUMN document_key TYPE bytea,
    ALTER COLUMN reason SET STATISTICS 0, ALTER COLUMN reason TYPE text;
ALTER TABLE oplog ALTER COLUMN data TYPE text, ALTER COLUMN data SET STATISTICS 0;
DO $$
DECLARE partition regclass;
BEGIN
    FOR partition IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'oplog'::regclass LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN data SET STATISTICS 0', partition);
    END LOOP;
END
$$;
