-- A key is taken when its request begins, so that an equal request at the same time finds it (docs/decisions/0034-idempotent-requests.md).
-- Answers of older versions stay valid.
ALTER TABLE idempotency_key
    ALTER COLUMN response DROP NOT NULL,
    DROP COLUMN status_code,
    -- The attempt that carries the request out. Only it may store the answer.
    ADD COLUMN attempt_id uuid,
    -- Until then the attempt is taken to be running; its process moves the time on. NULL: there is an answer.
    ADD COLUMN running_until timestamptz,
    -- Of the first attempt. Records in the audit and jobs have it, so that a later attempt finds what an earlier one has done.
    ADD COLUMN correlation_id text;
