'use client';

import { Menu } from '@base-ui/react/menu';
import type { Activity } from '@emcachers/core/api-views';
import { Copy, Ellipsis, Hammer, Pause, Play, RefreshCw, Trash2 } from 'lucide-react';
import Link from 'next/link';
import { memo } from 'react';
import { useConfirmedAction } from '../actions/use-confirmed-action.tsx';
import { useEntityAction } from '../actions/use-entity-action.ts';
import { buttonClasses } from '../ui/button.tsx';
import { dangerItemClasses, MenuPanel, menuItemClasses } from '../ui/menu-panel.tsx';

interface EntityMenuProps {
  readonly entityName: string;
  readonly activity: Activity;
  /** On the entity's own page, Refresh and Rebuild are buttons and the menu omits them. */
  readonly isOnItsPage?: boolean;
}

const icon = { size: 15, 'aria-hidden': true } as const;

/** The menu of actions on an entity. */
export const EntityMenu = memo(function EntityMenu({ entityName, activity, isOnItsPage = false }: EntityMenuProps) {
  const { ask, dialog } = useConfirmedAction(entityName);
  const { start, isPending } = useEntityAction();
  const isPaused = activity === 'paused';
  const isDeleting = activity === 'deleting';
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
          {isOnItsPage ? null : (
            <>
              <Menu.Item disabled={isDeleting} className={menuItemClasses} onClick={() => ask('refresh')}>
                <RefreshCw {...icon} /> Refresh from source
              </Menu.Item>
              <Menu.Item disabled={isDeleting} className={menuItemClasses} onClick={() => ask('rebuild')}>
                <Hammer {...icon} /> Rebuild cache
              </Menu.Item>
            </>
          )}
          {isPaused ? (
            <Menu.Item
              disabled={isPending}
              className={menuItemClasses}
              onClick={() => void start({ action: 'resume', entityName })}
            >
              <Play {...icon} /> Resume
            </Menu.Item>
          ) : (
            <Menu.Item disabled={isDeleting} className={menuItemClasses} onClick={() => ask('pause')}>
              <Pause {...icon} /> Pause
            </Menu.Item>
          )}
          <Menu.LinkItem
            className={menuItemClasses}
            render={<Link href={`/entities/new?from=${encodeURIComponent(entityName)}`} />}
          >
            <Copy {...icon} /> Duplicate
          </Menu.LinkItem>
          <Menu.Separator className="my-1 border-line border-t" />
          <Menu.Item disabled={isDeleting} className={dangerItemClasses} onClick={() => ask('delete')}>
            <Trash2 {...icon} /> Delete entity
          </Menu.Item>
        </MenuPanel>
      </Menu.Root>
      {dialog}
    </>
  );
});
