-- Compaction of the oplog, per entity (docs/decisions/0011-compaction.md).
CREATE TABLE oplog_compaction (
    entity_id       integer     NOT NULL,
    -- A reader that has applied the entity's entries up to an offset below this may have missed removed entries, and starts
    -- again from 0. Moves in the transactions that remove entries.
    horizon         bigint      NOT NULL DEFAULT 0,
    -- Up to here the entity has one entry for each document, or none if the document was deleted long ago.
    compacted_to    bigint      NOT NULL DEFAULT 0,
    -- Entries up to compacted_to, and how many of them are Deletes.
    kept            bigint      NOT NULL DEFAULT 0,
    tombstones      bigint      NOT NULL DEFAULT 0,
    removed_total   bigint      NOT NULL DEFAULT 0,
    -- The newest run that removed or checked entries.
    finished_at     timestamptz,
    removed_last    bigint      NOT NULL DEFAULT 0,
    -- Measured by the leader in passing. Entries of the entity (a lower bound if there are very many), and bytes on disk with indexes.
    entries         bigint,
    bytes           bigint,
    measured_at     timestamptz,
    -- The node whose cache holds compaction back; null if none does.
    held_by         text,
    CONSTRAINT oplog_compaction_pkey PRIMARY KEY (entity_id),
    CONSTRAINT oplog_compaction_entity_id_fkey FOREIGN KEY (entity_id) REFERENCES entity (id) ON DELETE CASCADE
);

-- The horizon belongs to an entity now, not to the whole oplog.
DELETE FROM metadata WHERE key = 'horizon';

-- When offset_id last changed. A cache that has not moved for long although entries wait for it no longer holds compaction back.
ALTER TABLE node_offset ADD COLUMN moved_at timestamptz NOT NULL DEFAULT now();

-- Space that compaction frees is reused once autovacuum has seen it; packages/db/src/statements/partition.ts gives new partitions the same settings.
DO $$
DECLARE partition regclass;
BEGIN
    FOR partition IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'oplog'::regclass LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_vacuum_scale_factor = 0.05)', partition);
    END LOOP;
END
$$;
