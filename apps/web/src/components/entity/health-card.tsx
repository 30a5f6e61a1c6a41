'use client';

import type { EntityView } from '@emcachers/core/api-views';
import { healthFacts } from '../../entity-facts/health-facts.ts';
import type { Tone } from '../../entity-facts/status-words.ts';
import { useFleet } from '../../live/use-fleet.ts';
import { Card } from '../ui/card.tsx';
import { ToneIcon, toneText } from '../ui/pill.tsx';

const toneWords: Readonly<Record<Tone, string>> = {
  ok: 'passed',
  warn: 'warning',
  bad: 'failed',
  busy: 'in progress',
  unknown: 'unknown',
};

export function HealthCard({ entity }: { readonly entity: EntityView }) {
  const { unknownSince } = useFleet();
  const checks = healthFacts(entity);
  const facts =
    unknownSince === null
      ? checks
      : checks.map(({ name }) => ({ name, tone: 'unknown', evidence: `unknown since ${unknownSince}` }) as const);
  const passed = facts.filter((fact) => fact.tone === 'ok').length;
  return (
    <Card title="Health" aside={`${passed} of ${facts.length} checks passed`}>
      <ul className="-my-2">
        {facts.map((fact) => (
          <li
            key={fact.name}
            className="flex flex-wrap items-center gap-x-2.5 border-line border-b py-2 last:border-b-0"
          >
            <ToneIcon tone={fact.tone} size={15} className={toneText[fact.tone]} />
            <span className="flex-1">
              {fact.name}
              <span className="sr-only">: {toneWords[fact.tone]}</span>
            </span>
            <span className="figures text-ink-2 text-sm">{fact.evidence}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
