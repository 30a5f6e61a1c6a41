'use client';

import { Menu } from '@base-ui/react/menu';
import type { ReactNode } from 'react';
import { classes } from './classes.ts';

export const menuItemClasses =
  'flex min-h-8 cursor-pointer items-center gap-2 rounded-[4px] px-2.5 py-1 outline-none select-none ' +
  'data-highlighted:bg-sunken data-disabled:cursor-not-allowed data-disabled:text-ink-3';

export const dangerItemClasses = classes(menuItemClasses, 'text-bad data-highlighted:bg-bad-soft');

/** The popup of a menu, aligned with the end of its button. */
export function MenuPanel({ children }: { readonly children: ReactNode }) {
  return (
    <Menu.Portal>
      <Menu.Positioner align="end" sideOffset={4} className="z-30 outline-none">
        <Menu.Popup className="min-w-44 rounded-card border border-line-strong bg-panel p-1 shadow-float outline-none">
          {children}
        </Menu.Popup>
      </Menu.Positioner>
    </Menu.Portal>
  );
}
