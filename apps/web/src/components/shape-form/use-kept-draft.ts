import type { NewEntity } from '@emcachers/core/new-entity';
import { useEffect, useState } from 'react';
import type { UseFormReturn } from 'react-hook-form';
import { keepDraft, readDraft } from '../../shape-draft/kept-draft.ts';

export interface KeptDraft {
  /** The form shows what was entered before the page was loaded again. */
  readonly isRestored: boolean;
  /** Starts again with the shape that the form had at first. */
  readonly discard: () => void;
  /** The draft has become an entity. */
  readonly forget: () => void;
}

/** Keeps what the operator enters over a reload of the page. `place` tells drafts of different forms apart. */
export function useKeptDraft(form: UseFormReturn<NewEntity>, place: string): KeptDraft {
  const [isRestored, setRestored] = useState(false);
  // Not during the first render: the server has no draft, and both must render the same.
  useEffect(() => {
    const kept = readDraft(place);
    if (kept !== null) {
      form.reset(kept, { keepDefaultValues: true });
      setRestored(true);
    }
    const subscription = form.watch(() => keepDraft(place, form.getValues()));
    return () => subscription.unsubscribe();
  }, [form, place]);
  return {
    isRestored,
    discard: () => {
      form.reset();
      keepDraft(place, null);
      setRestored(false);
    },
    forget: () => keepDraft(place, null),
  };
}
