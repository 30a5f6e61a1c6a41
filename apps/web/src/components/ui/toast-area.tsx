'use client';

import { X } from 'lucide-react';
import Link from 'next/link';
import { createContext, type ReactNode, use, useCallback, useEffect, useReducer } from 'react';
import { buttonClasses } from './button.tsx';
import { ToneIcon, toneText } from './pill.tsx';
import { nextToasts, type Toast } from './toast-list.ts';

/** How long an outcome is shown. A toast of a running job stays until the job finishes. */
const shownMs = 10_000;

const ShowToastContext = createContext<(toast: Toast) => void>(() => {});

/** Shows a toast, or replaces the one with the same id. */
export function useShowToast(): (toast: Toast) => void {
  return use(ShowToastContext);
}

/** Outcomes of the operator's actions. A toast is never the only place that shows a state. */
export function ToastArea({ children }: { readonly children: ReactNode }) {
  const [toasts, happen] = useReducer(nextToasts, []);
  const show = useCallback((toast: Toast) => happen({ kind: 'show', toast }), []);
  const close = useCallback((id: string) => happen({ kind: 'close', id }), []);
  return (
    <ShowToastContext value={show}>
      {children}
      <section
        aria-label="Messages"
        aria-live="polite"
        className="fixed inset-x-4 bottom-4 z-40 ml-auto flex max-w-[25rem] flex-col gap-2"
      >
        {toasts.map((toast) => (
          <ToastCard key={toast.id} toast={toast} close={close} />
        ))}
      </section>
    </ShowToastContext>
  );
}

interface ToastCardProps {
  readonly toast: Toast;
  readonly close: (id: string) => void;
}

function ToastCard({ toast, close }: ToastCardProps) {
  const { id, tone, title, description, link } = toast;
  useEffect(() => {
    if (tone === 'busy') return;
    const timer = setTimeout(() => close(id), shownMs);
    return () => clearTimeout(timer);
  }, [tone, id, close]);
  return (
    <div className="flex items-start gap-2.5 rounded-card border border-line-strong bg-panel py-2.5 pr-2 pl-3.5 shadow-float">
      <ToneIcon tone={tone} size={15} className={`mt-1 ${toneText[tone]}`} />
      <div className="min-w-0 flex-1">
        <p className="font-[600]">{title}</p>
        {description === undefined ? null : <p className="text-ink-2 text-sm">{description}</p>}
        {link === undefined ? null : (
          <Link href={link.href} className="inline-block py-0.5 text-sm underline underline-offset-2">
            {link.words}
          </Link>
        )}
      </div>
      <button type="button" aria-label="Dismiss" onClick={() => close(id)} className={buttonClasses('quiet', 'icon')}>
        <X size={14} aria-hidden />
      </button>
    </div>
  );
}
