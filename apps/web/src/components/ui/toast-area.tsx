'use client';

import { Toast } from '@base-ui/react/toast';
import { X } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import type { Tone } from '../../entity-facts/status-words.ts';
import { buttonClasses } from './button.tsx';
import { ToneIcon, toneText } from './pill.tsx';

/** What a toast carries besides its words. */
export interface ToastData {
  readonly tone: Tone;
  readonly link?: { readonly href: string; readonly words: string };
}

const toastsMax = 3;

/** Outcomes of what the reader did; the state of things is on the page, never only here. */
export function ToastArea({ children }: { readonly children: ReactNode }) {
  return (
    <Toast.Provider limit={toastsMax} timeout={8_000}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="fixed inset-x-4 bottom-4 z-40 ml-auto flex max-w-[25rem] flex-col gap-2">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function ToastList() {
  const { toasts } = Toast.useToastManager<ToastData>();
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      swipeDirection="right"
      className="rounded-card border border-line-strong bg-panel shadow-float transition-opacity duration-150 data-ending-style:opacity-0 data-limited:hidden data-starting-style:opacity-0"
    >
      <Toast.Content className="flex items-start gap-2.5 py-2.5 pr-2 pl-3.5">
        <ToneIcon
          tone={toast.data?.tone ?? 'unknown'}
          size={15}
          className={`mt-1 ${toneText[toast.data?.tone ?? 'unknown']}`}
        />
        <div className="min-w-0 flex-1">
          <Toast.Title className="font-[600]" />
          <Toast.Description className="text-ink-2 text-sm" />
          {toast.data?.link === undefined ? null : (
            <Link href={toast.data.link.href} className="text-sm underline underline-offset-2">
              {toast.data.link.words}
            </Link>
          )}
        </div>
        <Toast.Close aria-label="Close this message" className={buttonClasses('quiet', 'icon')}>
          <X size={14} aria-hidden />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}
