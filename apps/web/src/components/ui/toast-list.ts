import type { Tone } from '../../entity-facts/status-words.ts';

/** The outcome of an operator's action. */
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

/** The oldest toasts are dropped beyond this number; every outcome is also on the Jobs page. */
export const toastsMax = 3;

/** Adds a toast, or replaces the one with the same id. */
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
