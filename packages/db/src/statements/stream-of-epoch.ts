/** SQL: the id of the stream that an epoch belongs to. Every epoch has its row from the moment that it is taken. */
export function streamOfEpoch(epoch: string): string {
  return `(SELECT term.stream_id FROM leader_term term WHERE term.epoch = ${epoch})`;
}
