'use client';

import { Monitor, Moon, Sun } from 'lucide-react';
import { useState } from 'react';
import { applyTheme, type Theme, themes } from './theme.ts';

const icons = { system: Monitor, light: Sun, dark: Moon } as const;
const words = { system: 'Use system theme', light: 'Light', dark: 'Dark' } as const;

/** Three radio buttons styled as one switch. */
export function ThemeSwitch({ initial }: { readonly initial: Theme }) {
  const [theme, setTheme] = useState(initial);
  return (
    <fieldset className="flex w-fit rounded-control border border-line p-px">
      <legend className="sr-only">Theme</legend>
      {themes.map((option) => {
        const Icon = icons[option];
        return (
          <label
            key={option}
            title={words[option]}
            className="grid h-6 w-7 cursor-pointer place-items-center rounded-[5px] text-ink-3 hover:text-ink has-checked:bg-sunken has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-focus"
          >
            <input
              type="radio"
              name="theme"
              value={option}
              checked={theme === option}
              onChange={() => {
                applyTheme(option);
                setTheme(option);
              }}
              className="sr-only"
            />
            <Icon size={14} aria-hidden />
            <span className="sr-only">{words[option]}</span>
          </label>
        );
      })}
    </fieldset>
  );
}
