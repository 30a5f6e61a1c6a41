'use client';

import { Pause, Play } from 'lucide-react';
import type { Tone } from '../../entity-facts/status-words.ts';
import { formatAgo } from '../../format/times.ts';
import { useLive } from '../../live/live-context.ts';
import type { LiveState } from '../../live/live-state.ts';
import { useNow } from '../../live/use-engine-now.ts';
import { useFleet } from '../../live/use-fleet.ts';
import { Button } from '../ui/button.tsx';
import { StatusDot } from '../ui/pill.tsx';

/** Whether the page is live, the age of its figures, and the button that pauses updates. */
export function LiveIndicator() {
  const { state, pause, resume } = useLive();
  const { receivedAtMs, silence } = useFleet();
  const nowMs = useNow();
  const { tone, words } = indicatorOf(state, silence !== null);
  const isPaused = state.kind === 'paused';
  return (
    <>
      <p className="figures flex items-center gap-1.5 whitespace-nowrap text-ink-2 text-sm">
        <StatusDot tone={tone} />
        <span data-testid="live-state">{words}</span>
        {receivedAtMs === 0 ? null : (
          <span className="min-w-[6.2em] text-ink-3 max-sm:sr-only">· {formatAgo(receivedAtMs, nowMs)}</span>
        )}
      </p>
      <Button
        look="quiet"
        size="icon"
        aria-label={isPaused ? 'Resume live updates' : 'Pause live updates'}
        title={isPaused ? 'Resume live updates' : 'Pause live updates'}
        onClick={isPaused ? resume : pause}
      >
        {isPaused ? <Play size={15} aria-hidden /> : <Pause size={15} aria-hidden />}
      </Button>
    </>
  );
}

function indicatorOf(state: LiveState, isSilent: boolean): { readonly tone: Tone; readonly words: string } {
  switch (state.kind) {
    case 'live':
      return isSilent ? { tone: 'warn', words: 'No updates' } : { tone: 'ok', words: 'Live' };
    case 'starting':
      return { tone: 'busy', words: 'Connecting' };
    case 'connecting':
      return state.failures === 0 ? { tone: 'busy', words: 'Connecting' } : { tone: 'warn', words: 'Reconnecting' };
    case 'reconnecting':
      return { tone: 'warn', words: 'Reconnecting' };
    case 'polling':
      return { tone: 'warn', words: 'Polling every 4 s' };
    case 'hidden':
    case 'paused':
      return { tone: 'unknown', words: 'Paused' };
  }
}
