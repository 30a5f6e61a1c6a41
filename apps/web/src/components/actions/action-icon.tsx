import { Hammer, type LucideIcon, Pause, Play, RefreshCw, SearchCheck, Trash2, Wrench } from 'lucide-react';
import type { ActionView } from './use-actions.ts';

const icons = {
  refresh: RefreshCw,
  rebuild: Hammer,
  pause: Pause,
  resume: Play,
  verify: SearchCheck,
  repair: Wrench,
  delete: Trash2,
} satisfies Readonly<Record<ActionView['icon'], LucideIcon>>;

export function ActionIcon({ icon, size }: { readonly icon: ActionView['icon']; readonly size: number }) {
  const Icon = icons[icon];
  return <Icon size={size} aria-hidden />;
}
