import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { CachedRows } from '@emcachers/core/row-explanation';
import type { RowAnswer, RowQuestion } from '@emcachers/db/explain/row-questions';
import type { Service } from '../../runtime/service.ts';
import { Wakeup } from '../../runtime/wakeup.ts';

export interface RowAnswersDependencies {
  readonly clock: Clock;
  readonly nodeId: string;
  readonly readWholeRows: (entityName: string, docIds: readonly string[]) => CachedRows;
  readonly openQuestions: () => Promise<readonly RowQuestion[]>;
  readonly answer: (questionId: string, answer: RowAnswer) => Promise<void>;
}

/** Answers the questions about rows of this node's caches. */
export interface RowAnswers extends Service {
  /** A question was asked. */
  wake(): void;
}

/**
 * Each question comes with a notification. One that is lost costs an answer, which the asker reports as silence; so an idle node
 * asks nothing of PostgreSQL.
 */
export function createRowAnswers(dependencies: RowAnswersDependencies): RowAnswers {
  const { clock, nodeId, openQuestions, answer } = dependencies;
  const wakeup = new Wakeup(clock);
  return {
    name: 'row-answers',
    wake: () => wakeup.wake(),
    async run(signal) {
      while (!signal.aborted) {
        await wakeup.wait(null, signal);
        if (signal.aborted) return;
        for (const question of await openQuestions())
          await answer(question.id, { nodeId, ...rowsOf(dependencies, question) });
      }
    },
  };
}

function rowsOf(
  { readWholeRows }: RowAnswersDependencies,
  { entityName, docIds }: RowQuestion,
): Pick<RowAnswer, 'answer' | 'reason'> {
  try {
    return { answer: readWholeRows(entityName, docIds), reason: null };
  } catch (error) {
    if (!(error instanceof EmcachersError)) throw error;
    return { answer: null, reason: error.detail };
  }
}
