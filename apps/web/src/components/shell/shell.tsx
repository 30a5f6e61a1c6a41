import type { ReactNode } from 'react';
import { Brand } from './brand.tsx';
import { Crumbs } from './crumbs.tsx';
import { LeaderNote } from './leader-note.tsx';
import { LiveIndicator } from './live-indicator.tsx';
import { Navigation } from './navigation.tsx';
import { SignOut } from './sign-out.tsx';
import { TabStatus } from './tab-status.tsx';
import type { Theme } from './theme.ts';
import { ThemeSwitch } from './theme-switch.tsx';

interface ShellProps {
  readonly theme: Theme;
  /** Whether the console asks for a sign-in. Default: it does not. */
  readonly canSignOut?: boolean;
  readonly children: ReactNode;
}

/** The layout of every page: navigation (a sidebar, or a bar on narrow screens), breadcrumb, live state and theme. */
export function Shell({ theme, canSignOut = false, children }: ShellProps) {
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[212px_minmax(0,1fr)]">
      <TabStatus />
      <a
        href="#content"
        className="-translate-y-20 fixed top-2 left-2 z-50 rounded-control bg-accent px-3 py-1.5 text-accent-ink focus:translate-y-0"
      >
        Skip to content
      </a>
      <aside className="border-line bg-panel max-md:grid max-md:grid-cols-[1fr_auto] max-md:items-center max-md:border-b md:sticky md:top-0 md:flex md:h-dvh md:flex-col md:border-r">
        <div className="px-4 pt-3 pb-1 md:px-[18px] md:pt-[18px] md:pb-3">
          <Brand />
        </div>
        <Navigation />
        <div className="max-md:col-start-2 max-md:row-start-1 max-md:pt-3 max-md:pr-4 max-md:pb-1 md:mx-2.5 md:mt-auto md:grid md:gap-2.5 md:border-line md:border-t md:px-2 md:py-3">
          <LeaderNote />
          <div className="flex flex-wrap items-center justify-between gap-2">
            <ThemeSwitch initial={theme} />
            {canSignOut ? <SignOut /> : null}
          </div>
        </div>
      </aside>
      <div className="min-w-0">
        <header className="sticky top-0 z-20 flex min-h-[49px] flex-wrap items-center gap-x-3 gap-y-1 border-line border-b bg-panel px-4 py-2 md:px-6">
          <Crumbs />
          <div className="ml-auto flex items-center gap-1.5">
            <LiveIndicator />
          </div>
        </header>
        <main
          id="content"
          tabIndex={-1}
          className="grid max-w-[1320px] grid-cols-1 gap-5 px-4 pt-5 pb-12 outline-none md:px-6"
        >
          {children}
        </main>
      </div>
    </div>
  );
}
