import {
  Camera,
  Eraser,
  Hammer,
  type LucideIcon,
  Pause,
  Play,
  RefreshCw,
  RotateCcw,
  SearchCheck,
  Trash2,
  Wrench,
} from 'lucide-react';
import type { ActionView } from './use-actions.ts';

const icons = {
  refresh: RefreshCw,
  rebuild: Hammer,
  pause: Pause,
  resume: Play,
  verify: SearchCheck,
  repair: Wrench,
  snapshot: Camera,
  retry: RotateCcw,
  discard: Eraser,
  delete: Trash2,
} satisfies Readonly<Record<ActionView['icon'], LucideIcon>>;

export function ActionIcon({ icon, size }: { readonly icon: ActionView['icon']; readonly size: number }) {
  const Icon = icons[icon];
  return <Icon size={size} aria-hidden />;
}
