'use client';

import { Menu } from '@base-ui/react/menu';
import { Check, Monitor, Moon, Sun } from 'lucide-react';
import { useState } from 'react';
import { buttonClasses } from '../ui/button.tsx';
import { MenuPanel, menuItemClasses } from '../ui/menu-panel.tsx';
import { applyTheme, type Theme, themes } from './theme.ts';

const icons = { system: Monitor, light: Sun, dark: Moon } as const;
const words = { system: 'As the system', light: 'Light', dark: 'Dark' } as const;

export function ThemeSwitch({ initial }: { readonly initial: Theme }) {
  const [theme, setTheme] = useState(initial);
  const Icon = icons[theme];
  const choose = (next: Theme) => {
    applyTheme(next);
    setTheme(next);
  };
  return (
    <Menu.Root>
      <Menu.Trigger aria-label={`Theme: ${words[theme]}`} className={buttonClasses('quiet', 'icon')}>
        <Icon size={16} aria-hidden />
      </Menu.Trigger>
      <MenuPanel>
        <Menu.RadioGroup value={theme} onValueChange={choose}>
          {themes.map((option) => (
            <Menu.RadioItem key={option} value={option} className={menuItemClasses}>
              <span className="flex-1">{words[option]}</span>
              <Menu.RadioItemIndicator>
                <Check size={14} aria-hidden />
              </Menu.RadioItemIndicator>
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </MenuPanel>
    </Menu.Root>
  );
}
