'use client';

import { useLive } from '../../live/live-context.ts';
import { silenceWords } from '../../live/silence.ts';
import { useFleet } from '../../live/use-fleet.ts';
import { Banner } from './banner.tsx';
import { Button } from './button.tsx';

/** Why the page has no fresh figures, once the cause is known, and what to do. */
export function SilenceNotice() {
  const { silence, unknownSince, tryAgain } = useFleet();
  const { resume } = useLive();
  // A tab that is shown again has figures within a moment; until then its status is unknown, without a banner.
  if (silence === null || silence === 'unplaced' || silence === 'background') return null;
  const { cause, effect } = silenceWords[silence];
  const isPaused = silence === 'paused';
  return (
    <Banner
      tone={isPaused ? 'unknown' : 'bad'}
      title={unknownSince === null ? `${cause}.` : `${cause}. The figures below are out of date.`}
      action={
        <Button size="small" onClick={isPaused ? resume : tryAgain}>
          {isPaused ? 'Resume updates' : 'Try again'}
        </Button>
      }
    >
      <p>{effect}</p>
      {unknownSince === null ? null : <p className="figures">The figures below are from {unknownSince}.</p>}
    </Banner>
  );
}
