'use client';

import type { StatusFilter } from '../../entity-facts/entity-order.ts';
import { statusFilters } from '../../entity-facts/entity-order.ts';
import { Button } from '../ui/button.tsx';
import { Select } from '../ui/select.tsx';
import { TextInput } from '../ui/text-input.tsx';
import type { ListingControls } from './use-entity-listing.ts';

const statusNames: Readonly<Record<StatusFilter, string>> = {
  any: 'Any status',
  live: 'Live',
  busy: 'Busy',
  paused: 'Paused',
  troubled: 'Unhealthy',
};

interface EntityFiltersProps {
  readonly controls: ListingControls;
  readonly nodeIds: readonly string[];
}

export function EntityFilters({ controls, nodeIds }: EntityFiltersProps) {
  const { listing, change } = controls;
  const isSorted = listing.sort !== 'worst';
  return (
    <div className="flex flex-wrap items-center gap-2 text-ink">
      <TextInput
        small
        type="search"
        aria-label="Search entities and sources"
        placeholder="Search entities and sources"
        value={listing.text}
        onChange={(event) => change({ text: event.target.value })}
        className="max-w-52"
      />
      <Select
        small
        aria-label="Status"
        value={listing.status}
        onChange={(event) => {
          const status = statusFilters.find((candidate) => candidate === event.target.value);
          if (status !== undefined) change({ status });
        }}
      >
        {statusFilters.map((status) => (
          <option key={status} value={status}>
            {statusNames[status]}
          </option>
        ))}
      </Select>
      {nodeIds.length > 1 || listing.node !== null ? (
        <Select
          small
          aria-label="Node"
          value={listing.node ?? ''}
          onChange={(event) => change({ node: event.target.value === '' ? null : event.target.value })}
        >
          <option value="">Any node</option>
          {nodeIds.map((nodeId) => (
            <option key={nodeId} value={nodeId}>
              {nodeId}
            </option>
          ))}
        </Select>
      ) : null}
      <Button
        size="small"
        aria-pressed={!isSorted}
        className="aria-pressed:bg-sunken"
        onClick={() => change({ sort: 'worst', direction: 'ascending' })}
      >
        Worst first
      </Button>
    </div>
  );
}
