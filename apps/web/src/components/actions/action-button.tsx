'use client';

import type { ComponentProps } from 'react';
import { Button } from '../ui/button.tsx';
import { ActionIcon } from './action-icon.tsx';
import { type ActionKind, useActions } from './use-actions.ts';
import { useConfirmedAction } from './use-confirmed-action.tsx';
import { useEntityAction } from './use-entity-action.ts';

interface ActionButtonProps extends Pick<ComponentProps<typeof Button>, 'size' | 'disabled'> {
  readonly kind: ActionKind;
  readonly entityName: string;
}

/** The button of one action: it asks for confirmation if the action needs it. Nothing until the engine has named it. */
export function ActionButton({ kind, entityName, size = 'normal', disabled = false }: ActionButtonProps) {
  const { ask, dialog } = useConfirmedAction(entityName);
  const { start, isPending } = useEntityAction();
  const action = useActions().actions.find((each) => each.kind === kind);
  if (action === undefined) return null;
  const isImmediate = action.confirmation === 'none';
  return (
    <>
      <Button
        look={action.isFinal ? 'danger' : 'plain'}
        size={size}
        disabled={disabled || isPending}
        onClick={() => (isImmediate ? void start({ action: kind, entityName }) : ask(kind))}
      >
        {size === 'normal' ? <ActionIcon icon={action.icon} size={14} /> : null}
        {isPending ? `${action.doing}…` : action.title}
      </Button>
      {dialog}
    </>
  );
}
