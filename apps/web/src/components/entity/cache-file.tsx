import type { EntityView } from '@emcachers/core/api-views';
import { Card } from '../ui/card.tsx';
import { CopyButton } from '../ui/copy-button.tsx';

/** The path of the cache file and a command that reads it. */
export function CacheFile({ entity }: { readonly entity: EntityView }) {
  const { cachePath, entityName } = entity;
  if (cachePath === null) return null;
  const query = `sqlite3 -readonly "${cachePath}" 'SELECT * FROM ${entityName} LIMIT 10'`;
  return (
    <Card title="Read the cache" note="from any program on this machine">
      <dl className="grid gap-2.5">
        <Line name="File" text={cachePath} label="Copy the path" />
        <Line name="Shell" text={query} label="Copy the command" />
      </dl>
    </Card>
  );
}

interface LineProps {
  readonly name: string;
  readonly text: string;
  readonly label: string;
}

function Line({ name, text, label }: LineProps) {
  return (
    <div className="grid items-center gap-x-3 gap-y-1 sm:grid-cols-[4rem_minmax(0,1fr)]">
      <dt className="text-ink-3 text-sm">{name}</dt>
      <dd className="flex min-w-0 items-center gap-2 rounded-control border border-line bg-sunken py-1 pr-1 pl-2.5">
        <code className="min-w-0 flex-1 break-all text-[0.86rem]">{text}</code>
        <CopyButton text={text} label={label} />
      </dd>
    </div>
  );
}
