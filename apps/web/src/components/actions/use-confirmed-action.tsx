'use client';

import dynamic from 'next/dynamic';
import { type ReactNode, useState } from 'react';
import { type ActionKind, useActions } from './use-actions.ts';

const ActionDialog = dynamic(() => import('./action-dialog.tsx').then((module) => module.ActionDialog));

/** `ask` opens the confirmation dialog of an action. The caller renders `dialog`. */
export function useConfirmedAction(entityName: string): {
  readonly ask: (kind: ActionKind) => void;
  readonly dialog: ReactNode;
} {
  // Requests the texts before the dialog is opened.
  useActions();
  const [kind, setKind] = useState<ActionKind | null>(null);
  const dialog =
    kind === null ? null : <ActionDialog kind={kind} entityName={entityName} onClose={() => setKind(null)} />;
  return { ask: setKind, dialog };
}
