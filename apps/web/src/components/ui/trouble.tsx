'use client';

import type { ReactNode } from 'react';
import type { EngineError } from '../../trpc/engine-error.ts';
import { Banner } from './banner.tsx';
import { Button } from './button.tsx';
import { CopyButton } from './copy-button.tsx';

interface TroubleProps {
  readonly error: EngineError;
  /** What failed, as a sentence. */
  readonly title: string;
  readonly onRetry?: () => void;
  readonly urgent?: boolean;
}

/** An error banner: what failed, why, what to do, and the code to search for. */
export function Trouble({ error, title, onRetry, urgent = false }: TroubleProps) {
  return (
    <Banner
      tone="bad"
      title={title}
      urgent={urgent}
      action={onRetry === undefined ? undefined : <RetryButton onRetry={onRetry} />}
    >
      <p>{error.detail}</p>
      {error.hint === null ? null : <p>{error.hint}</p>}
      <Reference error={error} />
    </Banner>
  );
}

function RetryButton({ onRetry }: { readonly onRetry: () => void }): ReactNode {
  return (
    <Button size="small" onClick={onRetry}>
      Try again
    </Button>
  );
}

function Reference({ error }: { readonly error: EngineError }) {
  if (error.code === null) return null;
  return (
    <p className="mt-1 flex flex-wrap items-center gap-1 text-ink-2 text-sm">
      <code>{error.code}</code>
      {error.correlationId === null ? null : (
        <>
          <span>
            · request <code>{error.correlationId.slice(0, 8)}</code>
          </span>
          <CopyButton text={`${error.code} ${error.correlationId}`} label="Copy code and request id" />
        </>
      )}
    </p>
  );
}
