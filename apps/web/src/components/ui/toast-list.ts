import type { Tone } from '../../entity-facts/status-words.ts';

/** What came of something that the reader did. */
export interface ToastContent {
  readonly tone: Tone;
  readonly title: string;
  readonly description?: string;
  readonly link?: { readonly href: string; readonly words: string };
}

export interface Toast extends ToastContent {
  readonly id: string;
}

export type ToastHappening =
  | { readonly kind: 'show'; readonly toast: Toast }
  | { readonly kind: 'close'; readonly id: string };

/** Older ones give way; each outcome is on the Jobs page too. */
export const toastsMax = 3;

/** Shows a toast, in the place of the one with its id where there is one. */
export function nextToasts(toasts: readonly Toast[], happening: ToastHappening): readonly Toast[] {
  switch (happening.kind) {
    case 'close':
      return toasts.filter((toast) => toast.id !== happening.id);
    case 'show': {
      const isKnown = toasts.some((toast) => toast.id === happening.toast.id);
      if (!isKnown) return [...toasts, happening.toast].slice(-toastsMax);
      return toasts.map((toast) => (toast.id === happening.toast.id ? happening.toast : toast));
    }
  }
}
