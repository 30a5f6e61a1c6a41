import type { ComponentProps } from 'react';
import { classes } from './classes.ts';

interface TextInputProps extends ComponentProps<'input'> {
  readonly mono?: boolean;
  readonly small?: boolean;
}

export function TextInput({ mono = false, small = false, className, ...rest }: TextInputProps) {
  return (
    <input
      type="text"
      autoComplete="off"
      spellCheck={false}
      className={classes(
        'w-full min-w-0 rounded-control border bg-panel px-2.5 text-ink placeholder:text-ink-3 aria-invalid:border-bad',
        small ? 'h-[26px] border-line-strong text-sm' : 'h-[34px] border-field',
        mono && 'font-mono text-[0.9rem]',
        className,
      )}
      {...rest}
    />
  );
}
