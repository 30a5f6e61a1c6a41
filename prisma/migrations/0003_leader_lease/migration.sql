-- Leadership is a lease on PostgreSQL's clock (docs/decisions/0009-leadership-by-lease.md). The leader renews it while its
-- pipeline makes progress; another node may take the next epoch once it has expired.
ALTER TABLE leader
    ADD COLUMN renewed_at      timestamptz NOT NULL DEFAULT now(),
    -- The lease ends this long after renewed_at. 0: released.
    ADD COLUMN lease_ms        integer     NOT NULL DEFAULT 0,
    -- The session that renewed it. If that session has ended, the lease has ended too.
    ADD COLUMN session_pid     integer,
    ADD COLUMN session_started timestamptz;

-- Both raise EM002 unless `mine` is the newest epoch (I9).
-- Called when an appending transaction begins, before it takes a lock: a deposed leader takes none. It locks nothing itself,
-- because the client may freeze before it commits, and a lock would then keep the next leader from taking its epoch.
CREATE FUNCTION require_epoch(mine integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM leader WHERE id = 1 AND epoch = mine;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'EM002', MESSAGE = format('Epoch %s has been superseded.', mine);
    END IF;
END
$$;

-- Called in the message that commits: the lock lasts until the end of the commit, and the client cannot prolong it. The next
-- epoch is therefore taken either after this transaction has committed, or before this check, which then fails.
CREATE FUNCTION hold_epoch(mine integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM leader WHERE id = 1 AND epoch = mine FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'EM002', MESSAGE = format('Epoch %s has been superseded.', mine);
    END IF;
END
$$;
