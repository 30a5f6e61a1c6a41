import type { EntityView } from '@emcachers/core/api-views';
import type { ReactNode } from 'react';
import { formatBytes, formatCount } from '../../format/numbers.ts';
import { Card } from '../ui/card.tsx';
import { Moment } from '../ui/moment.tsx';

/** The size of the entity's oplog, and what compaction did and waits for. */
export function OplogSizeCard({ entity }: { readonly entity: EntityView }) {
  const { oplog } = entity;
  return (
    <Card title="Size and compaction">
      <dl className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-3 lg:grid-cols-6">
        <Figure name="Entries">{formatCount(oplog.entries)}</Figure>
        <Figure name="Superseded">{formatCount(oplog.superseded)}</Figure>
        <Figure name="On disk">{formatBytes(oplog.bytes)}</Figure>
        <Figure name="Horizon">{formatCount(oplog.horizon)}</Figure>
        <Figure name="Removed so far">{formatCount(oplog.removed)}</Figure>
        <Figure name="Last compaction">
          {oplog.compactedAt === null ? 'never' : <Moment at={oplog.compactedAt} />}
        </Figure>
      </dl>
      {oplog.heldBy === null ? null : (
        <p className="mt-3 text-ink-2 text-sm">
          Entries after the offset of the cache on <code>{oplog.heldBy}</code> are not removed until it has applied
          them.
        </p>
      )}
    </Card>
  );
}

function Figure({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt className="text-ink-3 text-sm">{name}</dt>
      <dd className="figures">{children}</dd>
    </div>
  );
}
