import { actionViews } from '@emcachers/engine/action-views';
import { QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, configure, render } from '@testing-library/react';
import { type UserEvent, userEvent } from '@testing-library/user-event';
import { AppRouterContext, type AppRouterInstance } from 'next/dist/shared/lib/app-router-context.shared-runtime.js';
import { PathnameContext } from 'next/dist/shared/lib/hooks-client-context.shared-runtime.js';
import { NuqsTestingAdapter } from 'nuqs/adapters/testing';
import type { ReactNode } from 'react';
import { expect, onTestFinished, vi } from 'vitest';
import { LiveParts } from '../src/components/live-parts.tsx';
import type { Reach } from '../src/live/silence.ts';
import { createQueryClient } from '../src/trpc/query-client.ts';
import { TRPCProvider } from '../src/trpc/trpc.ts';
import type { Answers } from './answers.ts';
import { fillBrowserGaps } from './browser-gaps.ts';
import { watchLeaks } from './leaks.ts';
import { openedAt, sampleFleet } from './samples.ts';
import { createTestEngine, type TestEngine } from './test-engine.ts';

export interface OpenConsole {
  readonly engine: TestEngine;
  readonly user: UserEvent;
  /** Addresses that the console navigated to, oldest first. */
  readonly visited: readonly string[];
  /** The query part of the address as it is now. */
  readonly search: () => string;
  /** Moves the clock to a moment and waits for the next tick of the page. */
  readonly setTime: (at: string) => void;
}

interface OpenOptions {
  readonly answers?: Answers;
  readonly pathname?: string;
  readonly search?: string;
  /** How far a probe gets that the page sends when it hears nothing. Default: to the engine. */
  readonly reach?: Reach;
  /** Makes timers stand still until the test advances them with `pass`; waiting queries (`find…`) do not work then. */
  readonly hasFakeTimers?: boolean;
}

/** Lets time pass for fake timers. */
export async function pass(durationMs: number): Promise<void> {
  await act(async () => {
    await vi.advanceTimersByTimeAsync(durationMs);
  });
}

/** jsdom does not know `<search>`; every browser does. */
const unknownTag = 'is unrecognized in this browser';

/** A loaded machine needs longer than the default second. */
configure({ asyncUtilTimeout: 10_000 });

/**
 * Opens a part of the console inside its real providers, against an engine in this process. At the end of the test it
 * closes the tab and fails the test if a timer, a listener or a stream is left, a call had no answer, or React or the
 * browser reported an error.
 */
export function openConsole(children: ReactNode, options: OpenOptions = {}): OpenConsole {
  fillBrowserGaps();
  if (options.hasFakeTimers === true) vi.useFakeTimers();
  const watch = watchTab();
  const engine = createTestEngine({
    'fleet.get': () => sampleFleet(),
    'entities.actions': () => actionViews,
    ...options.answers,
  });
  const queryClient = createQueryClient();
  const probe = async () => options.reach ?? 'engine';
  const visited: string[] = [];
  let search = options.search ?? '';
  vi.setSystemTime(openedAt);
  onTestFinished(() => {
    cleanup();
    queryClient.clear();
    sessionStorage.clear();
    const { unanswered } = engine;
    const none = { left: [], complaints: [], streams: 0, unanswered: [] };
    const found = { ...watch.end(), streams: engine.openStreams(), unanswered };
    vi.useRealTimers();
    expect(found).toEqual(none);
  });
  render(
    <AppRouterContext value={routerTo(visited)}>
      <PathnameContext value={options.pathname ?? '/'}>
        <QueryClientProvider client={queryClient}>
          <TRPCProvider trpcClient={engine.client} queryClient={queryClient}>
            <NuqsTestingAdapter
              hasMemory
              searchParams={search}
              onUrlUpdate={({ queryString }) => {
                search = queryString;
              }}
            >
              <LiveParts renderedAtMs={Date.parse(openedAt)} probe={probe}>
                {children}
              </LiveParts>
            </NuqsTestingAdapter>
          </TRPCProvider>
        </QueryClientProvider>
      </PathnameContext>
    </AppRouterContext>,
  );
  return {
    engine: {
      ...engine,
      push: (message) => act(() => engine.push(message)),
      breakStream: () => act(() => engine.breakStream()),
    },
    user: userEvent.setup(),
    visited,
    search: () => search,
    setTime: (at) => {
      vi.setSystemTime(at);
    },
  };
}

/** Watches for leaks and for errors that React or the browser report. */
function watchTab(): { readonly end: () => { left: readonly string[]; complaints: readonly unknown[] } } {
  const complaints: unknown[] = [];
  const complaint = vi.spyOn(console, 'error').mockImplementation((...words) => {
    if (!String(words[0]).includes(unknownTag)) complaints.push(words);
  });
  const leaks = watchLeaks();
  return {
    end: () => {
      const left = leaks.left();
      leaks.end();
      complaint.mockRestore();
      return { left, complaints };
    },
  };
}

/** Next.js's router, as far as the console uses it: it notes the addresses. */
function routerTo(visited: string[]): AppRouterInstance {
  const nothing = (): void => {};
  const visit = (href: string): void => {
    visited.push(href);
  };
  const router: Pick<AppRouterInstance, 'push' | 'replace' | 'back' | 'forward' | 'refresh' | 'prefetch'> = {
    push: visit,
    replace: visit,
    back: nothing,
    forward: nothing,
    refresh: nothing,
    prefetch: nothing,
  };
  return router as AppRouterInstance;
}
