-- The newest comparison of each node's cache of an entity with the oplog (docs/decisions/0018-verify-and-repair.md).
CREATE TABLE verification (
    entity_id     integer     NOT NULL,
    node_id       text        NOT NULL,
    -- The job that asked for it. A node that works for an older one stops.
    job_id        uuid        NOT NULL,
    -- Whether the node mends the rows that it finds.
    repair        boolean     NOT NULL,
    -- The cache file's generation: a rebuilt file has none of the differences of the one before it.
    generation    integer,
    requested_at  timestamptz NOT NULL DEFAULT now(),
    state         text        NOT NULL DEFAULT 'requested'
        CHECK (state IN ('requested', 'running', 'clean', 'different', 'repaired', 'failed', 'cancelled')),
    -- Rows compared so far.
    compared      bigint      NOT NULL DEFAULT 0,
    -- Rows that differ, beyond the place of the comparison; with 'repaired', those that were mended.
    missing       bigint      NOT NULL DEFAULT 0,
    extra         bigint      NOT NULL DEFAULT 0,
    different     bigint      NOT NULL DEFAULT 0,
    -- DocIDs of some of them: {"missing": [...], "extra": [...], "different": [...]}.
    samples       json        NOT NULL DEFAULT '{}',
    -- In words: what else was found, or why it failed.
    message       text,
    finished_at   timestamptz,
    CONSTRAINT verification_pkey PRIMARY KEY (entity_id, node_id),
    CONSTRAINT verification_entity_id_fkey FOREIGN KEY (entity_id) REFERENCES entity (id) ON DELETE CASCADE,
    CONSTRAINT verification_node_id_fkey FOREIGN KEY (node_id) REFERENCES node (id) ON DELETE CASCADE
);
