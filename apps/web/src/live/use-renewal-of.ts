import { type QueryKey, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { createRenewal } from './renewal.ts';

/** Reads the queries of a key again whenever what they list has changed since the list was opened. `revision`: undefined before the first fleet view. */
export function useRenewalOf(revision: string | undefined, queryKey: QueryKey): void {
  const queryClient = useQueryClient();
  const [renew] = useState(() => createRenewal(queryClient));
  const listed = useRef(revision);
  useEffect(() => {
    const isNew = listed.current !== undefined && listed.current !== revision;
    listed.current = revision;
    if (isNew) renew(queryKey);
  }, [revision, renew, queryKey]);
}
