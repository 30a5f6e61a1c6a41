'use client';

import dynamic from 'next/dynamic';
import { type ReactNode, useState } from 'react';
import type { ConfirmedAction } from './action-dialog.tsx';

const ActionDialog = dynamic(() => import('./action-dialog.tsx').then((module) => module.ActionDialog));

/** `ask` opens the confirmation dialog of an action. The caller renders `dialog`. */
export function useConfirmedAction(entityName: string): {
  readonly ask: (action: ConfirmedAction) => void;
  readonly dialog: ReactNode;
} {
  const [action, setAction] = useState<ConfirmedAction | null>(null);
  const dialog =
    action === null ? null : <ActionDialog action={action} entityName={entityName} onClose={() => setAction(null)} />;
  return { ask: setAction, dialog };
}
