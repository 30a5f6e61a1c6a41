import type { ActionFact } from '@emcachers/core/action-view';
import type { EntityView } from '@emcachers/core/api-views';
import { formatBytes, formatEstimate, plural } from '../../format/numbers.ts';

type Facts = Readonly<Record<ActionFact, string>>;

/** The facts that an action's texts may name, in the console's formats. */
export function factsOf({ entityName, sourceName, documents, deadLetters, nodes }: EntityView): Facts {
  const fileBytes = nodes.reduce((sum, node) => sum + (node.fileBytes ?? 0), 0);
  return {
    entityName,
    sourceName,
    documents: formatEstimate(documents),
    letters: deadLettersText(deadLetters),
    caches: plural(nodes.length, 'cache'),
    nodes: plural(nodes.length, 'node'),
    fileBytes: formatBytes(fileBytes),
  };
}

/** The fact `letters`, for all dead letters of an entity or for some of them. */
export function deadLettersText(count: number): string {
  return plural(count, 'dead letter');
}

/** Replaces each fact's name in braces by the fact. Braces with any other name are left unchanged. */
export function fillFacts(text: string, facts: Partial<Facts>): string {
  return text.replaceAll(/\{(\w+)\}/g, (written, name: string) => {
    const fact = Object.entries(facts).find(([known]) => known === name);
    return fact === undefined ? written : fact[1];
  });
}
