'use client';

import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button } from './button.tsx';

const shownMs = 2_000;

/** Copies text to the clipboard and announces the result; `label` names what is copied. */
export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const [outcome, setOutcome] = useState<'copied' | 'refused' | null>(null);
  useEffect(() => {
    if (outcome === null) return;
    const timer = setTimeout(() => setOutcome(null), shownMs);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setOutcome('copied');
    } catch {
      setOutcome('refused');
    }
  };
  const words =
    outcome === 'copied' ? 'Copied' : outcome === 'refused' ? 'Could not copy. Select the text and copy it.' : '';
  return (
    <>
      <Button look="quiet" size="small" aria-label={label} title={label} onClick={() => void copy()}>
        {outcome === 'copied' ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
      </Button>
      <span role="status" className="text-ink-2 text-sm empty:hidden">
        {words}
      </span>
    </>
  );
}
