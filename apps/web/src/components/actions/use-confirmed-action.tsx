'use client';

import dynamic from 'next/dynamic';
import { type ReactNode, useState } from 'react';
import { type ActionKind, useActions } from './use-actions.ts';

const ActionDialog = dynamic(() => import('./action-dialog.tsx').then((module) => module.ActionDialog));

interface Asked {
  readonly kind: ActionKind;
  readonly docIds?: readonly string[];
}

/** `ask` opens the confirmation dialog of an action, for all documents or for some. The caller renders `dialog`. */
export function useConfirmedAction(entityName: string): {
  readonly ask: (kind: ActionKind, docIds?: readonly string[]) => void;
  readonly dialog: ReactNode;
} {
  // Requests the texts before the dialog is opened.
  useActions();
  const [asked, setAsked] = useState<Asked | null>(null);
  const dialog =
    asked === null ? null : <ActionDialog {...asked} entityName={entityName} onClose={() => setAsked(null)} />;
  return { ask: (kind, docIds) => setAsked(docIds === undefined ? { kind } : { kind, docIds }), dialog };
}
