import { ChevronDown } from 'lucide-react';
import type { ComponentProps } from 'react';
import { classes } from './classes.ts';

interface SelectProps extends ComponentProps<'select'> {
  readonly small?: boolean;
}

/** A styled native select: it works with every keyboard, screen reader and phone. */
export function Select({ small = false, className, ...rest }: SelectProps) {
  return (
    <span className={classes('relative inline-flex min-w-0', className)}>
      <select
        className={classes(
          'w-full appearance-none truncate rounded-control border bg-panel pr-7 pl-2.5 text-ink',
          small ? 'h-[26px] border-line-strong text-sm' : 'h-[34px] border-field',
          'aria-invalid:border-bad',
        )}
        {...rest}
      />
      <ChevronDown
        size={14}
        aria-hidden
        className="-translate-y-1/2 pointer-events-none absolute top-1/2 right-2 text-ink-3"
      />
    </span>
  );
}
