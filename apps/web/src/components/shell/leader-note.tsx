'use client';

import { formatCount } from '../../format/numbers.ts';
import { useFleet } from '../../live/use-fleet.ts';

/** The node that reads MongoDB, and the epoch, which increases with each change of leader. */
export function LeaderNote() {
  const { fleet, unknownSince } = useFleet();
  if (fleet === undefined) return null;
  const { leader } = fleet;
  return (
    <p className="figures text-ink-3 text-sm max-md:hidden">
      {leader === null ? (
        'No leader. Changes in MongoDB are not being read.'
      ) : (
        <>
          Leader <code className="text-ink-2">{leader.nodeId}</code>
          <br />
          epoch {formatCount(leader.epoch)}
          {unknownSince === null ? null : `, as of ${unknownSince}`}
        </>
      )}
    </p>
  );
}
