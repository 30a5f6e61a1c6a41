-- Snapshots of caches (docs/decisions/0026-snapshots.md): those that jobs ask nodes to make, and those that nodes have. The files are the
-- truth: a node corrects its rows by what it finds in its folder.
CREATE TABLE cache_snapshot (
    id           uuid        NOT NULL,
    entity_id    integer     NOT NULL,
    node_id      text        NOT NULL,
    -- The job that asked for it; null if the node reported a file that PostgreSQL did not know.
    job_id       uuid,
    -- 'deleting': the node is to delete the file.
    state        text        NOT NULL DEFAULT 'requested'
        CHECK (state IN ('requested', 'running', 'ready', 'failed', 'cancelled', 'deleting')),
    copied_bytes bigint      NOT NULL DEFAULT 0,
    -- Of a file that exists: what it is a copy of, its size and its checksum.
    manifest     json,
    -- The file on the node.
    path         text,
    -- Why there is none.
    error_code   text,
    message      text,
    requested_at timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    CONSTRAINT cache_snapshot_pkey PRIMARY KEY (id),
    CONSTRAINT cache_snapshot_job_id_node_id_key UNIQUE (job_id, node_id),
    CONSTRAINT cache_snapshot_entity_id_fkey FOREIGN KEY (entity_id) REFERENCES entity (id) ON DELETE CASCADE,
    CONSTRAINT cache_snapshot_node_id_fkey FOREIGN KEY (node_id) REFERENCES node (id) ON DELETE CASCADE
);
CREATE INDEX cache_snapshot_entity_id_idx ON cache_snapshot (entity_id);
CREATE INDEX cache_snapshot_node_id_idx ON cache_snapshot (node_id);
