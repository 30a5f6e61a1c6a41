'use client';

import { Menu } from '@base-ui/react/menu';
import type { Activity } from '@emcachers/core/api-views';
import { unreachable } from '@emcachers/core/unreachable';
import {
  Copy,
  Ellipsis,
  Hammer,
  type LucideIcon,
  Pause,
  Play,
  RefreshCw,
  SearchCheck,
  Trash2,
  Wrench,
} from 'lucide-react';
import Link from 'next/link';
import { memo } from 'react';
import { type ActionView, useActions } from '../actions/use-actions.ts';
import { useConfirmedAction } from '../actions/use-confirmed-action.tsx';
import { useEntityAction } from '../actions/use-entity-action.ts';
import { buttonClasses } from '../ui/button.tsx';
import { dangerItemClasses, MenuPanel, menuItemClasses } from '../ui/menu-panel.tsx';

interface EntityMenuProps {
  readonly entityName: string;
  readonly activity: Activity;
  /** Actions whose place is the page are buttons there already. */
  readonly isOnItsPage?: boolean;
}

const iconProps = { size: 15, 'aria-hidden': true } as const;
const icons = {
  refresh: RefreshCw,
  rebuild: Hammer,
  pause: Pause,
  resume: Play,
  verify: SearchCheck,
  repair: Wrench,
  delete: Trash2,
} satisfies Readonly<Record<ActionView['icon'], LucideIcon>>;

function isOffered(offered: ActionView['offered'], activity: Activity): boolean {
  switch (offered) {
    case 'always':
      return true;
    case 'while-paused':
      return activity === 'paused';
    case 'unless-paused':
      return activity !== 'paused';
    default:
      return unreachable(offered);
  }
}

/** The menu of actions on an entity. */
export const EntityMenu = memo(function EntityMenu({ entityName, activity, isOnItsPage = false }: EntityMenuProps) {
  const { ask, dialog } = useConfirmedAction(entityName);
  const { start, isPending } = useEntityAction();
  const items = useActions().actions.filter(
    ({ place, offered }) => !(isOnItsPage && place === 'page') && isOffered(offered, activity),
  );
  const item = ({ kind, title, icon, confirmation, isFinal }: ActionView) => {
    const isImmediate = confirmation === 'none';
    const Icon = icons[icon];
    return (
      <Menu.Item
        key={kind}
        disabled={activity === 'deleting' || (isImmediate && isPending)}
        className={isFinal ? dangerItemClasses : menuItemClasses}
        onClick={() => (isImmediate ? void start({ action: kind, entityName }) : ask(kind))}
      >
        <Icon {...iconProps} /> {title}
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
            <Copy {...iconProps} /> Duplicate
          </Menu.LinkItem>
          <Menu.Separator className="my-1 border-line border-t" />
          {items.filter(({ isFinal }) => isFinal).map(item)}
        </MenuPanel>
      </Menu.Root>
      {dialog}
    </>
  );
});
