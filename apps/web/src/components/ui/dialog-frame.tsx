'use client';

import { AlertDialog } from '@base-ui/react/alert-dialog';
import { type ReactNode, type RefObject, useRef } from 'react';
import { buttonClasses } from './button.tsx';

interface DialogFrameProps {
  readonly onClose: () => void;
  /** Gets the reference of its Cancel button, which has the focus first. */
  readonly children: (cancel: RefObject<HTMLButtonElement | null>) => ReactNode;
}

/** A dialog over the page that asks before something happens. */
export function DialogFrame({ onClose, children }: DialogFrameProps) {
  const cancel = useRef<HTMLButtonElement>(null);
  return (
    <AlertDialog.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-30 bg-[rgb(0_0_0/0.4)]" />
        <AlertDialog.Popup
          initialFocus={cancel}
          className="-translate-x-1/2 -translate-y-1/2 fixed top-1/2 left-1/2 z-30 grid max-h-[92dvh] w-[min(33rem,calc(100vw-2rem))] gap-3.5 overflow-y-auto rounded-[10px] border border-line-strong bg-panel p-5 shadow-float"
        >
          {children(cancel)}
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

export function DialogTitle({ children }: { readonly children: string }) {
  return <AlertDialog.Title className="font-[620] text-[1.15rem]">{children}</AlertDialog.Title>;
}

/** What the dialog says, for assistive technology too. */
export function DialogText({ children }: { readonly children: ReactNode }) {
  return (
    <AlertDialog.Description render={<div />} className="grid gap-3 text-ink-2">
      {children}
    </AlertDialog.Description>
  );
}

interface DialogButtonsProps {
  readonly cancel: RefObject<HTMLButtonElement | null>;
  readonly children?: ReactNode;
}

export function DialogButtons({ cancel, children }: DialogButtonsProps) {
  return (
    <div className="flex flex-wrap justify-end gap-2">
      <AlertDialog.Close ref={cancel} className={buttonClasses()}>
        Cancel
      </AlertDialog.Close>
      {children}
    </div>
  );
}
