-- What a scan must prove before its sweep deletes anything.

-- Documents that the source held after the last page of the scan; null for a first scan, which sweeps nothing.
ALTER TABLE entity ADD COLUMN scan_counted bigint;

-- The planning of a sweep, in chunks of DocIDs by their hash. A row of its own, because the entity's row must stay free for
-- live operations while a chunk is planned.
CREATE TABLE sweep_plan (
    entity_id  integer  NOT NULL,
    run_id     uuid     NOT NULL,
    -- How many chunks the partition is planned in, and how many are done.
    chunks     integer  NOT NULL,
    planned    integer  NOT NULL DEFAULT 0,
    -- Documents of the planned chunks that caches hold.
    documents  bigint   NOT NULL DEFAULT 0,
    CONSTRAINT sweep_plan_pkey PRIMARY KEY (entity_id),
    CONSTRAINT sweep_plan_entity_id_fkey FOREIGN KEY (entity_id) REFERENCES entity (id) ON DELETE CASCADE
);
