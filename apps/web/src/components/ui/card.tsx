import { type ReactNode, useId } from 'react';
import { classes } from './classes.ts';

interface CardProps {
  readonly title?: string;
  /** Muted text next to the title. */
  readonly note?: ReactNode;
  /** At the right end of the header. */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  /** Without padding, for tables. */
  readonly flush?: boolean;
  readonly className?: string;
}

/** A panel with a header line. With a title it is a landmark region. */
export function Card({ title, note, aside, children, flush = false, className }: CardProps) {
  const id = useId();
  return (
    <section
      aria-labelledby={title === undefined ? undefined : id}
      className={classes('min-w-0 rounded-card border border-line bg-panel shadow-card', className)}
    >
      {title === undefined ? null : (
        <div className="flex flex-wrap items-center gap-x-3 gap-y-2 border-line border-b px-4 py-[11px]">
          <h2 id={id} className="font-[620]">
            {title}
          </h2>
          {note === undefined ? null : <span className="figures text-ink-2 text-sm">{note}</span>}
          {aside === undefined ? null : <div className="figures ml-auto text-ink-2 text-sm">{aside}</div>}
        </div>
      )}
      <div className={flush ? undefined : 'px-4 py-3.5'}>{children}</div>
    </section>
  );
}
