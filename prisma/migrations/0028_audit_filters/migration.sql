-- The audit is kept for ever and read newest first, of one entity or of one action.
CREATE INDEX audit_entity_name_idx ON audit (lower(entity_name), id DESC);
CREATE INDEX audit_action_idx ON audit (action, id DESC);
