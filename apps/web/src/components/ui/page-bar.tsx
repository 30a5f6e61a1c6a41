import { Button } from './button.tsx';

interface PageBarProps {
  readonly onFirst: (() => void) | null;
  readonly onPrevious: (() => void) | null;
  readonly onNext: (() => void) | null;
}

/** Turns the pages of a list; nothing if it has one page. */
export function PageBar({ onFirst, onPrevious, onNext }: PageBarProps) {
  if (onFirst === null && onPrevious === null && onNext === null) return null;
  return (
    <nav aria-label="Pages" className="flex justify-end gap-2 border-line border-t px-4 py-2.5">
      <Button size="small" disabled={onFirst === null} onClick={onFirst ?? undefined}>
        First
      </Button>
      <Button size="small" disabled={onPrevious === null} onClick={onPrevious ?? undefined}>
        Previous
      </Button>
      <Button size="small" disabled={onNext === null} onClick={onNext ?? undefined}>
        Next
      </Button>
    </nav>
  );
}
