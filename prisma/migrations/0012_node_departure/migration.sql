-- A node that stops in good order signs off, so that its silence is not taken for a fault. NULL while it runs, and for a node that
-- went silent without a word. The next heartbeat under the same name clears it.
ALTER TABLE node ADD COLUMN left_at timestamptz;
