import type { ReactNode } from 'react';

interface PageHeadProps {
  /** The heading, usually one sentence about the current state. */
  readonly title: ReactNode;
  readonly detail?: ReactNode;
  readonly actions?: ReactNode;
}

export function PageHead({ title, detail, actions }: PageHeadProps) {
  return (
    <div className="flex flex-wrap items-start gap-x-4 gap-y-3">
      <div className="min-w-0 flex-1 basis-72 max-sm:basis-full">
        <h1 className="font-[620] text-title tracking-[-0.012em]">{title}</h1>
        {detail === undefined ? null : <div className="mt-1 text-ink-2">{detail}</div>}
      </div>
      {actions === undefined ? null : <div className="flex flex-wrap gap-2">{actions}</div>}
    </div>
  );
}
