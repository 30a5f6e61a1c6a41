'use client';

import { Menu } from '@base-ui/react/menu';
import type { Activity } from '@emcachers/core/api-views';
import { Copy, Ellipsis } from 'lucide-react';
import Link from 'next/link';
import { memo } from 'react';
import { ActionIcon } from '../actions/action-icon.tsx';
import { isOffered } from '../actions/is-offered.ts';
import { type ActionView, useActions } from '../actions/use-actions.ts';
import { useConfirmedAction } from '../actions/use-confirmed-action.tsx';
import { useEntityAction } from '../actions/use-entity-action.ts';
import { buttonClasses } from '../ui/button.tsx';
import { dangerItemClasses, MenuPanel, menuItemClasses } from '../ui/menu-panel.tsx';

interface EntityMenuProps {
  readonly entityName: string;
  readonly activity: Activity;
  readonly deadLetters?: number;
  /** Actions whose place is the page are buttons there already. */
  readonly isOnItsPage?: boolean;
}

/** The menu of actions on an entity. */
export const EntityMenu = memo(function EntityMenu({
  entityName,
  activity,
  deadLetters = 0,
  isOnItsPage = false,
}: EntityMenuProps) {
  const { ask, dialog } = useConfirmedAction(entityName);
  const { start, isPending } = useEntityAction();
  const items = useActions().actions.filter(
    (action) => !(isOnItsPage && action.place === 'page') && isOffered(action, { activity, deadLetters }),
  );
  const item = ({ kind, title, icon, confirmation, isFinal }: ActionView) => {
    const isImmediate = confirmation === 'none';
    return (
      <Menu.Item
        key={kind}
        disabled={activity === 'deleting' || (isImmediate && isPending)}
        className={isFinal ? dangerItemClasses : menuItemClasses}
        onClick={() => (isImmediate ? void start({ action: kind, entityName }) : ask(kind))}
      >
        <ActionIcon icon={icon} size={15} /> {title}
      </Menu.Item>
    );
  };
  return (
    <>
      <Menu.Root>
        <Menu.Trigger
          aria-label={`Actions for ${entityName}`}
          className={buttonClasses(isOnItsPage ? 'plain' : 'quiet', 'icon')}
        >
          <Ellipsis size={16} aria-hidden />
        </Menu.Trigger>
        <MenuPanel>
          {items.filter(({ isFinal }) => !isFinal).map(item)}
          <Menu.LinkItem
            className={menuItemClasses}
            render={<Link href={`/entities/new?from=${encodeURIComponent(entityName)}`} />}
          >
            <Copy size={15} aria-hidden /> Duplicate
          </Menu.LinkItem>
          <Menu.Separator className="my-1 border-line border-t" />
          {items.filter(({ isFinal }) => isFinal).map(item)}
        </MenuPanel>
      </Menu.Root>
      {dialog}
    </>
  );
});
