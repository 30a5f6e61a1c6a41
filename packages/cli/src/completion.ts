import type { Command } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** A script for the shell. It knows every command and option of this version, and calls nothing. */
export function completionScript(shell: Shell, program: Command): string {
  return scripts[shell](wordsByCommand(program));
}

/** What may follow each command, by the words before it: `emcachers jobs` → `list get …`. */
type Words = ReadonlyMap<string, readonly string[]>;

function wordsByCommand(program: Command): Words {
  const words = new Map<string, readonly string[]>();
  const visit = (command: Command, path: string, inherited: readonly string[]): void => {
    const own = command.options.flatMap(({ long }) => (long === undefined || long === null ? [] : [long]));
    const options = [...new Set([...own, ...inherited, '--help'])];
    words.set(path, [...command.commands.map((child) => child.name()), ...options]);
    for (const child of command.commands)
      visit(
        child,
        `${path} ${child.name()}`,
        options.filter((name) => globals.has(name)),
      );
  };
  const globals = new Set(program.options.flatMap(({ long }) => (long === undefined || long === null ? [] : [long])));
  visit(program, program.name(), []);
  return words;
}

const scripts: Readonly<Record<Shell, (words: Words) => string>> = {
  bash: (words) => `# bash completion of emcachers
_emcachers() {
  local path="emcachers" word candidates
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
${commandCases(words, '      ')}
    esac
  done
  case "$path" in
${[...words].map(([path, follow]) => `    "${path}") candidates="${follow.join(' ')}" ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$candidates" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _emcachers emcachers
`,
  zsh: (words) => `#compdef emcachers
_emcachers() {
  local place="emcachers" word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$place $word" in
${commandCases(words, '      ', 'place')}
    esac
  done
  case "$place" in
${[...words].map(([path, follow]) => `    "${path}") compadd -- ${follow.join(' ')} ;;`).join('\n')}
  esac
}
compdef _emcachers emcachers
`,
  fish: (words) =>
    `# fish completion of emcachers
function __emcachers_place
  set -l place emcachers
  for word in (commandline -opc)[2..-1]
    switch "$place $word"
${[...words.keys()]
  .filter((path) => path.includes(' '))
  .map((path) => `      case '${path}'\n        set place '${path}'`)
  .join('\n')}
    end
  end
  echo $place
end
${[...words].map(([path, follow]) => `complete -c emcachers -f -n 'test (__emcachers_place) = "${path}"' -a '${follow.join(' ')}'`).join('\n')}
`,
};

function commandCases(words: Words, indent: string, variable = 'path'): string {
  return [...words.keys()]
    .filter((path) => path.includes(' '))
    .map((path) => `${indent}"${path}") ${variable}="${path}" ;;`)
    .join('\n');
}
