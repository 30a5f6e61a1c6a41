import type { ComponentProps } from 'react';
import { classes } from './classes.ts';

export type ButtonLook = 'plain' | 'primary' | 'danger' | 'quiet';
type ButtonSize = 'normal' | 'small' | 'icon';

const looks: Readonly<Record<ButtonLook, string>> = {
  plain: 'border-line-strong bg-panel text-ink hover:bg-sunken',
  primary: 'border-accent bg-accent text-accent-ink hover:border-accent-hover hover:bg-accent-hover',
  danger: 'border-line-strong bg-panel text-bad hover:border-bad hover:bg-bad-soft',
  quiet: 'border-transparent text-ink-2 hover:bg-sunken hover:text-ink',
};
const sizes: Readonly<Record<ButtonSize, string>> = {
  normal: 'h-8 px-3',
  small: 'h-[26px] px-2 text-sm',
  icon: 'size-8 justify-center',
};

/** Classes for links and primitives that look like a button. */
export function buttonClasses(look: ButtonLook = 'plain', size: ButtonSize = 'normal'): string {
  return classes(
    'inline-flex shrink-0 items-center gap-1.5 whitespace-nowrap rounded-control border font-[540] no-underline',
    'transition-colors duration-100 disabled:cursor-not-allowed disabled:opacity-55 aria-disabled:opacity-55',
    looks[look],
    sizes[size],
  );
}

interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: ButtonLook;
  readonly size?: ButtonSize;
}

export function Button({ look, size, className, ...rest }: ButtonProps) {
  return <button type="button" className={classes(buttonClasses(look, size), className)} {...rest} />;
}
