-- The oplog, what decides who may write it, and the control tables around it.
-- Times are timestamptz of PostgreSQL's own clock, except *_ms columns: milliseconds since 1970 at the source.
-- Foreign keys stay off the hot tables (oplog, oplog_staging, oplog_sweep): a row lock on `entity` guards them instead.

-- ---------------------------------------------------------------------------------------------------------------
-- Who writes (I9)

-- One row. Whoever takes the lead adds one to `epoch`; every appending transaction reads it FOR SHARE and gives up when
-- it is not its own, so a deposed leader cannot commit however long it slept.
CREATE TABLE leader (
    id        smallint    NOT NULL DEFAULT 1,
    epoch     integer     NOT NULL,
    -- The node that leads; null after a leader has gone in good order.
    node_id   text,
    taken_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT leader_pkey PRIMARY KEY (id),
    CONSTRAINT leader_one_row CHECK (id = 1)
);
INSERT INTO leader (id, epoch) VALUES (1, 0);

-- Small facts by name, the value as JSON.
CREATE TABLE metadata (
    key   text NOT NULL,
    value json NOT NULL,
    CONSTRAINT metadata_pkey PRIMARY KEY (key)
);
INSERT INTO metadata (key, value) VALUES
    -- The history's identity: a restored or replaced database gets another, and caches are then built again.
    ('history_id', to_json(gen_random_uuid()::text)),
    -- The lowest offset from which the oplog can be replayed without loss.
    ('horizon', '0'),
    -- The newest committed oplog id. A row, not the sequence: it becomes visible together with the entries it covers,
    -- and it does not fall when a partition is dropped.
    ('head', '0');

-- ---------------------------------------------------------------------------------------------------------------
-- What is replicated

CREATE TABLE entity (
    id                   integer     NOT NULL GENERATED ALWAYS AS IDENTITY,
    name                 text        NOT NULL,
    -- SQLite does not tell upper from lower case, so neither do we.
    name_lower           text        NOT NULL,
    source_database      text        NOT NULL,
    source_collection    text        NOT NULL,
    -- The shape's columns: [{ name, type, path }].
    columns              json        NOT NULL,
    -- SHA-256 of the columns; a cache file of another hash is not this entity's.
    shape_hash           text        NOT NULL,
    -- Scan number, stamped on every entry; a new scan is version + 1.
    version              integer     NOT NULL DEFAULT 1,
    lifecycle            text        NOT NULL DEFAULT 'pending',
    lifecycle_since      timestamptz NOT NULL DEFAULT now(),
    -- Where live operations go: to the oplog, to staging while a scan runs, or nowhere, since a later scan sees them.
    route                text        NOT NULL DEFAULT 'none',
    -- Why the entity failed or is scanned again, for the operator.
    reason               text,
    error_code           text,
    -- Caches of a paused entity stop applying; the oplog goes on.
    paused               boolean     NOT NULL DEFAULT false,
    -- Of one version; what an older run still writes is refused.
    run_id               uuid        NOT NULL,
    -- Raw BSON { _id } of the last document that the scan has read; its own flag, since an _id may be null.
    scan_last_key        bytea,
    scan_has_last_key    boolean     NOT NULL DEFAULT false,
    -- Null: the collection did not exist when the scan began.
    scan_collection_uuid uuid,
    scan_scanned         bigint      NOT NULL DEFAULT 0,
    scan_estimated       bigint,
    scan_started_at      timestamptz,
    scan_finished_at     timestamptz,
    -- Operation time read after the last page (BSON Timestamp, unsigned 64 bits); promotion waits for the stream to pass it.
    scan_end_time        numeric(20, 0),
    -- The deletions of this run's sweep are in oplog_sweep.
    sweep_prepared       boolean     NOT NULL DEFAULT false,
    -- A cache may be shown once its offset has reached this; null before the first promotion.
    live_from_id         bigint,
    -- A counter; a cache whose file says a lower number is built again.
    rebuild_requested    integer     NOT NULL DEFAULT 0,
    -- The operator's word, or a drop that the stream has proven: the sweep of this run may delete without a cap.
    allow_large_sweep    boolean     NOT NULL DEFAULT false,
    created_at           timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT entity_pkey PRIMARY KEY (id),
    CONSTRAINT entity_name_lower_key UNIQUE (name_lower),
    CONSTRAINT entity_lifecycle CHECK (lifecycle IN ('pending', 'scanning', 'catching-up', 'live', 'failed', 'deleting')),
    CONSTRAINT entity_route CHECK (route IN ('oplog', 'staging', 'none'))
);

-- ---------------------------------------------------------------------------------------------------------------
-- The oplog

-- CACHE 1: cached values would be handed out out of order across sessions. Drawn only under the append lock, so that
-- id order is commit order (I3). A sequence of its own, since identity columns of partitioned tables need PostgreSQL 17.
CREATE SEQUENCE oplog_id_seq AS bigint CACHE 1;

-- One partition for each entity (oplog_e<id>): deleting an entity is a partition drop, and reading one entity touches
-- no other. No default partition: attaching would have to scan it under a lock.
CREATE TABLE oplog (
    id             bigint      NOT NULL DEFAULT nextval('oplog_id_seq'),
    entity_id      integer     NOT NULL,
    -- Upsert or Delete.
    operation      text        NOT NULL,
    doc_id         text        NOT NULL,
    -- The projected row in the row codec's encoding; null for a Delete. text, since json and jsonb refuse or rewrite values.
    data           text,
    version        integer     NOT NULL,
    -- wallTime of the change event; null for a scanned document.
    source_time_ms bigint,
    created_at     timestamptz NOT NULL DEFAULT now(),
    -- Epoch of the leader that appended it.
    epoch          integer     NOT NULL,
    -- id first: a page is read in id order over many partitions.
    CONSTRAINT oplog_pkey PRIMARY KEY (id, entity_id)
) PARTITION BY LIST (entity_id);

CREATE SEQUENCE oplog_staging_id_seq AS bigint CACHE 1;

-- Live operations of entities under scan, in stream order, until the scan is complete. The version is not here: it is
-- stamped at promotion. Rows of an older run are dead and removed in passing.
CREATE TABLE oplog_staging (
    id             bigint  NOT NULL DEFAULT nextval('oplog_staging_id_seq'),
    entity_id      integer NOT NULL,
    run_id         uuid    NOT NULL,
    operation      text    NOT NULL,
    doc_id         text    NOT NULL,
    data           text,
    source_time_ms bigint,
    epoch          integer NOT NULL,
    CONSTRAINT oplog_staging_pkey PRIMARY KEY (entity_id, run_id, id)
);
-- Promotion asks of each staged row whether a newer one of the same document exists.
CREATE INDEX oplog_staging_doc_id_idx ON oplog_staging (entity_id, run_id, doc_id, id);

-- Documents that a complete scan did not meet: the sweep's deletions, listed once, then emitted in chunks.
CREATE TABLE oplog_sweep (
    entity_id integer NOT NULL,
    run_id    uuid    NOT NULL,
    doc_id    text    NOT NULL,
    CONSTRAINT oplog_sweep_pkey PRIMARY KEY (entity_id, run_id, doc_id)
);

-- One row: our place in MongoDB's change stream, saved in the transaction of the entries that it covers (I2).
CREATE TABLE mongo_resume_token (
    id           smallint    NOT NULL DEFAULT 1,
    -- Raw BSON of the token document; null while the position is an operation time only.
    token        bytea,
    -- The token's _data in hex. COLLATE "C": tokens compare by bytes, a locale's order would let them go back.
    token_data   text COLLATE "C",
    -- Hash of the stream's pipeline that the token came through. MongoDB cannot find a token again whose event another
    -- pipeline does not let through, so under another pipeline the stream is opened by the token's time.
    pipeline_hash text,
    -- BSON Timestamp, unsigned 64 bits; null: no position.
    cluster_time numeric(20, 0),
    -- Goes up when the token is lost; a save under an older version is refused.
    version      integer     NOT NULL DEFAULT 1,
    status       text        NOT NULL DEFAULT 'scanning',
    saved_at     timestamptz,
    CONSTRAINT mongo_resume_token_pkey PRIMARY KEY (id),
    CONSTRAINT mongo_resume_token_one_row CHECK (id = 1),
    CONSTRAINT mongo_resume_token_status CHECK (status IN ('scanning', 'live'))
);
INSERT INTO mongo_resume_token (id) VALUES (1);

-- ---------------------------------------------------------------------------------------------------------------
-- Documents that could not be projected, and values that a column could not hold

CREATE TABLE dead_letter (
    id         bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    entity_id  integer     NOT NULL,
    doc_id     text        NOT NULL,
    error_code text        NOT NULL,
    reason     text        NOT NULL,
    -- The document as MongoDB sent it; null when it is too large to keep.
    raw        bytea,
    -- How often this document was refused.
    attempts   integer     NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT dead_letter_pkey PRIMARY KEY (id),
    -- A document has one dead letter, its newest; its next good change removes it.
    CONSTRAINT dead_letter_entity_id_doc_id_key UNIQUE (entity_id, doc_id),
    CONSTRAINT dead_letter_entity_id_fkey FOREIGN KEY (entity_id) REFERENCES entity (id) ON DELETE CASCADE
);

CREATE TABLE entity_counter (
    entity_id       integer NOT NULL,
    coercion_errors bigint  NOT NULL DEFAULT 0,
    CONSTRAINT entity_counter_pkey PRIMARY KEY (entity_id),
    CONSTRAINT entity_counter_entity_id_fkey FOREIGN KEY (entity_id) REFERENCES entity (id) ON DELETE CASCADE
);

-- ---------------------------------------------------------------------------------------------------------------
-- Nodes and what their caches report

CREATE TABLE node (
    id           text        NOT NULL,
    roles        text[]      NOT NULL,
    host         text        NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT now(),
    heartbeat_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT node_pkey PRIMARY KEY (id)
);

CREATE TABLE node_offset (
    node_id         text        NOT NULL,
    entity_id       integer     NOT NULL,
    -- The newest oplog id that this cache has applied.
    offset_id       bigint,
    documents       bigint,
    file_bytes      bigint,
    generation      integer,
    published       boolean     NOT NULL DEFAULT false,
    state           text        NOT NULL,
    applied_total   bigint      NOT NULL DEFAULT 0,
    last_applied_at timestamptz,
    -- Source time of the newest applied entry.
    source_time_ms  bigint,
    error_code      text,
    error           text,
    path            text,
    reported_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT node_offset_pkey PRIMARY KEY (node_id, entity_id),
    CONSTRAINT node_offset_node_id_fkey FOREIGN KEY (node_id) REFERENCES node (id) ON DELETE CASCADE,
    CONSTRAINT node_offset_entity_id_fkey FOREIGN KEY (entity_id) REFERENCES entity (id) ON DELETE CASCADE
);
CREATE INDEX node_offset_entity_id_idx ON node_offset (entity_id);

-- ---------------------------------------------------------------------------------------------------------------
-- Operations of people

CREATE TABLE job (
    id          uuid        NOT NULL,
    kind        text        NOT NULL,
    -- The name, not the id: the record outlives the entity.
    entity_name text        NOT NULL,
    status      text        NOT NULL DEFAULT 'queued',
    -- What the operator asked for beside the kind, for example { "allowLargeSweep": true }.
    input       json        NOT NULL DEFAULT '{}',
    message     text,
    error_code  text,
    -- The node that runs or ran it; jobs of a node that is gone are queued again.
    node_id     text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    started_at  timestamptz,
    finished_at timestamptz,
    CONSTRAINT job_pkey PRIMARY KEY (id),
    CONSTRAINT job_status CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled'))
);
CREATE INDEX job_entity_name_created_at_idx ON job (entity_name, created_at DESC);
-- The same request twice is one job.
CREATE UNIQUE INDEX job_active_key ON job (entity_name, kind) WHERE status IN ('queued', 'running');
CREATE INDEX job_created_at_idx ON job (created_at DESC);

CREATE TABLE audit (
    id             bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    at             timestamptz NOT NULL DEFAULT now(),
    -- Who: a token's name, or the loopback address.
    actor          text        NOT NULL,
    action         text        NOT NULL,
    entity_name    text,
    detail         json        NOT NULL DEFAULT '{}',
    correlation_id text,
    CONSTRAINT audit_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_at_idx ON audit (at DESC);

-- The answer to a request that carried an Idempotency-Key, given again when the request is repeated.
CREATE TABLE idempotency_key (
    key          text        NOT NULL,
    -- SHA-256 of method, route and body: the same key with another request is refused.
    request_hash text        NOT NULL,
    status_code  integer     NOT NULL,
    response     json        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    CONSTRAINT idempotency_key_pkey PRIMARY KEY (key)
);
CREATE INDEX idempotency_key_expires_at_idx ON idempotency_key (expires_at);

CREATE TABLE incident (
    id         bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    -- The stage or entity that it concerns, for example oplog or entity:orders.
    subject    text        NOT NULL,
    error_code text        NOT NULL,
    detail     text        NOT NULL,
    opened_at  timestamptz NOT NULL DEFAULT now(),
    closed_at  timestamptz,
    CONSTRAINT incident_pkey PRIMARY KEY (id)
);
-- At most one open incident of a kind for each subject.
CREATE UNIQUE INDEX incident_open_key ON incident (subject, error_code) WHERE closed_at IS NULL;
CREATE INDEX incident_opened_at_idx ON incident (opened_at DESC);
