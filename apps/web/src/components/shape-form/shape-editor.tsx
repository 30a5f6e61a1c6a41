'use client';

import type { FleetView, SampleView, SourceCollectionView } from '@emcachers/core/api-views';
import type { NewEntity } from '@emcachers/core/new-entity';
import { sourceNameSchema } from '@emcachers/core/shape';
import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import {
  type UseFieldArrayReturn,
  type UseFormReturn,
  useController,
  useFieldArray,
  useFormState,
  useWatch,
} from 'react-hook-form';
import { proposeColumnName, proposeName } from '../../shape-draft/names.ts';
import { previewShape } from '../../shape-draft/preview-shape.ts';
import { engineErrorOf } from '../../trpc/engine-error.ts';
import { useTRPC } from '../../trpc/trpc.ts';
import { Banner } from '../ui/banner.tsx';
import { Button, buttonClasses } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { TextInput } from '../ui/text-input.tsx';
import { Trouble } from '../ui/trouble.tsx';
import { ColumnsEditor } from './columns-editor.tsx';
import { describedBy, Field } from './field.tsx';
import { FilterField } from './filter-field.tsx';
import { IndexesField } from './indexes-field.tsx';
import { PathSuggestions } from './path-suggestions.tsx';
import { PlanCard } from './plan-card.tsx';
import { PreviewCard } from './preview-card.tsx';
import { Refusals } from './refusals.tsx';
import { SourceField } from './source-field.tsx';
import { StreamField } from './stream-field.tsx';
import { useDebounced } from './use-debounced.ts';
import type { KeptDraft } from './use-kept-draft.ts';
import { useShapeForm } from './use-shape-form.ts';

interface ShapeEditorProps {
  readonly initial: NewEntity;
  /** What the form was opened for; a draft is kept for it. */
  readonly place: string;
  readonly sources: readonly SourceCollectionView[] | undefined;
  readonly fleet: FleetView | undefined;
}

const quietMs = 350;
const nameId = 'entity-name';

export function ShapeEditor({ initial, place, sources, fleet }: ShapeEditorProps) {
  const { form, draft: kept, submit, isPending, error } = useShapeForm(initial, place);
  const columns = useFieldArray({ control: form.control, name: 'columns' });
  const draft = useWatch({ control: form.control }) as NewEntity;
  const { sample, preview } = useSampled(draft);
  const source = sources?.find(({ sourceName }) => sourceName === draft.sourceName);
  const useAny = (columnName: string) => {
    const index = draft.columns.findIndex((column) => column.name === columnName);
    if (index >= 0) form.setValue(`columns.${index}.type`, 'Any', { shouldDirty: true });
  };
  return (
    <form
      noValidate
      className="grid items-start gap-5 lg:grid-cols-[minmax(0,1.3fr)_minmax(0,1fr)]"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div className="grid grid-cols-1 gap-5">
        <RestoredNote draft={kept} />
        <Card>
          <div className="grid gap-[18px]">
            <Names form={form} draft={draft} sources={sources} fleet={fleet} />
            <ColumnsEditor form={form} columns={columns} sample={sample.data} preview={preview.data} />
            <FilterField form={form} preview={preview.data} />
            <IndexesField form={form} />
            <StreamField form={form} fleet={fleet} />
          </div>
        </Card>
        {draft.sourceName === '' ? null : (
          <PathSuggestions
            sample={sample.data}
            error={sample.error === null ? null : engineErrorOf(sample.error)}
            retry={() => void sample.refetch()}
            taken={new Set(draft.columns.map((column) => column.path))}
            onAdd={(paths) => addPaths({ form, columns, paths })}
          />
        )}
      </div>
      <div className="grid grid-cols-1 gap-5">
        <PreviewCard
          preview={preview.data}
          isOld={preview.isPlaceholderData}
          error={preview.error === null ? null : engineErrorOf(preview.error)}
          columnCount={draft.columns.length}
        />
        {preview.data === undefined ? null : (
          <Refusals preview={preview.data} columns={draft.columns} onUseAny={useAny} />
        )}
        <PlanCard
          entityName={draft.entityName}
          source={source}
          nodeCount={fleet?.nodes.length}
          isMissing={sources !== undefined && source === undefined && draft.sourceName !== ''}
        />
        {error === null ? null : <Trouble urgent error={error} title="Could not create the entity." />}
        <div className="flex justify-end gap-2">
          <Link href="/" className={buttonClasses()}>
            Cancel
          </Link>
          <Button type="submit" look="primary" disabled={isPending}>
            {isPending ? 'Creating…' : 'Create entity'}
          </Button>
        </div>
      </div>
    </form>
  );
}

function RestoredNote({ draft }: { readonly draft: KeptDraft }) {
  if (!draft.isRestored) return null;
  return (
    <Banner
      tone="unknown"
      title="This is the draft that you had before the page was loaded again."
      action={
        <Button size="small" onClick={draft.discard}>
          Discard the draft
        </Button>
      }
    />
  );
}

interface NamesProps extends Pick<ShapeEditorProps, 'sources' | 'fleet'> {
  readonly form: UseFormReturn<NewEntity>;
  readonly draft: NewEntity;
}

/** Source collection and entity name. The name is derived from the collection until the operator types one. */
function Names({ form, draft, sources, fleet }: NamesProps) {
  const { errors } = useFormState({ control: form.control });
  // Known to the form before the name is, so that of two wrong fields the first has the focus.
  const { field: sourceField } = useController({ control: form.control, name: 'sourceName' });
  const nameError = errors.entityName?.message;
  const chooseSource = (sourceName: string) => {
    form.setValue('sourceName', sourceName, { shouldValidate: true, shouldDirty: true });
    if (form.getFieldState('entityName').isDirty || sourceName === '') return;
    const taken = fleet?.entities.map((entity) => entity.entityName) ?? [];
    const proposed = proposeName(sourceName.slice(sourceName.indexOf('.') + 1), taken);
    form.setValue('entityName', proposed, { shouldValidate: true });
  };
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <SourceField
        sources={sources}
        value={draft.sourceName}
        onChange={chooseSource}
        focusRef={sourceField.ref}
        error={errors.sourceName?.message}
      />
      <Field id={nameId} label="Entity name" error={nameError} hint={`dbs/${draft.entityName || '…'}/db.sqlite`}>
        <TextInput mono id={nameId} {...describedBy(nameId, nameError)} {...form.register('entityName')} />
      </Field>
    </div>
  );
}

interface AddedPaths {
  readonly form: UseFormReturn<NewEntity>;
  readonly columns: UseFieldArrayReturn<NewEntity, 'columns'>;
  readonly paths: Readonly<SampleView['paths']>;
}

function addPaths({ form, columns, paths }: AddedPaths): void {
  const names = form.getValues('columns').map((column) => column.name);
  for (const { path, suggestedType } of paths) {
    const name = proposeColumnName(path, names);
    names.push(name);
    columns.append({ name, type: suggestedType, path }, { shouldFocus: false });
  }
  form.clearErrors('columns');
}

/** The fields of the source and a preview of the draft, requested once typing has paused. */
function useSampled(draft: NewEntity) {
  const trpc = useTRPC();
  const settled = useDebounced(draft, quietMs);
  const isNamed = sourceNameSchema.safeParse(settled.sourceName).success;
  const sample = useQuery(
    trpc.sources.sample.queryOptions(isNamed ? { sourceName: settled.sourceName } : skipToken, { staleTime: 60_000 }),
  );
  const shape = previewShape(settled);
  const preview = useQuery(
    trpc.sources.preview.queryOptions(shape ?? skipToken, {
      placeholderData: keepPreviousData,
      retry: false,
    }),
  );
  return { sample, preview: shape === null ? { ...preview, data: undefined } : preview };
}
