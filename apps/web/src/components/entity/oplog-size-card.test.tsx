// @vitest-environment jsdom
import { render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { sampleEntity } from '../../../test/sample-entity.ts';
import { OplogSizeCard } from './oplog-size-card.tsx';

const { oplog } = sampleEntity();
const figures = () =>
  Object.fromEntries(
    screen.getAllByRole('term').map((term) => [term.textContent, term.nextElementSibling?.textContent ?? '']),
  );

test('the card shows what the leader measured', () => {
  render(<OplogSizeCard entity={sampleEntity({ oplog: { ...oplog, compactedAt: null } })} />);
  expect(figures()).toEqual({
    Entries: '1,200',
    Superseded: '200',
    'On disk': '1 MB',
    Horizon: '300',
    'Removed so far': '5,000',
    'Last compaction': 'never',
  });
  expect(screen.queryByText(/are not removed until/)).toBeNull();
});

test('the card names the node that compaction waits for', () => {
  render(<OplogSizeCard entity={sampleEntity({ oplog: { ...oplog, compactedAt: null, heldBy: 'node-b' } })} />);
  expect(screen.getByText(/are not removed until/).textContent).toContain('node-b');
});
