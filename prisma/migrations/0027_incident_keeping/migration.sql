-- Incidents are opened and closed from the causes that the fleet's status names (docs/decisions/0024-incidents.md).
ALTER TABLE incident
    -- When the status last named the cause.
    ADD COLUMN last_seen_at    timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN acknowledged_at timestamptz,
    ADD COLUMN acknowledged_by text,
    -- Who has suffered from it: names, not all if there are very many, and how many.
    ADD COLUMN entities        text[]      NOT NULL DEFAULT '{}',
    ADD COLUMN entity_count    integer     NOT NULL DEFAULT 0,
    ADD COLUMN nodes           text[]      NOT NULL DEFAULT '{}',
    -- How often it was opened: a cause that comes back soon opens the same incident again.
    ADD COLUMN times           integer     NOT NULL DEFAULT 1;

-- What is still wrong is opened again.
UPDATE incident
   SET last_seen_at = COALESCE(closed_at, now()), closed_at = COALESCE(closed_at, now()),
       subject = CASE subject WHEN 'change-source' THEN 'stream:default' ELSE subject END;
CREATE INDEX incident_closed_at_idx ON incident (closed_at) WHERE closed_at IS NOT NULL;

-- Causes that have not lasted long enough for an incident.
CREATE TABLE incident_candidate (
    subject       text        NOT NULL,
    error_code    text        NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT incident_candidate_pkey PRIMARY KEY (subject, error_code)
);

-- The newest loss of the stream's position, and when the scans had mended it; null: none.
ALTER TABLE mongo_resume_token
    ADD COLUMN lost_at     timestamptz,
    ADD COLUMN lost_code   text,
    ADD COLUMN lost_reason text,
    ADD COLUMN mended_at   timestamptz;
