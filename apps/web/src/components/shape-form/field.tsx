import type { ReactNode } from 'react';

interface FieldProps {
  readonly id: string;
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error: string | undefined;
  readonly children: ReactNode;
}

/** A labelled input with its hint and its error. The input refers to both through `describedBy`. */
export function Field({ id, label, hint, error, children }: FieldProps) {
  return (
    <div className="grid content-start gap-1.5">
      <label htmlFor={id} className="font-[560]">
        {label}
      </label>
      {children}
      {error === undefined ? null : <FieldError id={id} error={error} />}
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className="text-ink-3 text-sm">
          {hint}
        </p>
      )}
    </div>
  );
}

export function FieldError({ id, error }: { readonly id: string; readonly error: string }) {
  return (
    <p id={`${id}-error`} className="text-bad text-sm">
      {error}
    </p>
  );
}

/** ARIA attributes that connect an input to its hint and its error. */
export function describedBy(id: string, error: string | undefined) {
  return {
    'aria-invalid': error !== undefined,
    'aria-describedby': error === undefined ? `${id}-hint` : `${id}-error ${id}-hint`,
  } as const;
}
