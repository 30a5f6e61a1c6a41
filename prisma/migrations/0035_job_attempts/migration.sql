-- A job that failed by a fault that passes runs again, after a growing delay.
ALTER TABLE job
    -- How often it was begun, without those that a restart of the engine interrupted.
    ADD COLUMN attempts integer NOT NULL DEFAULT 0,
    -- A queued job is not begun before; null: at once.
    ADD COLUMN retry_at timestamptz;
