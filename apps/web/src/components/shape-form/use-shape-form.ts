import { type NewEntity, newEntitySchema } from '@emcachers/core/new-entity';
import { zodResolver } from '@hookform/resolvers/zod';
import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FieldPath, type Resolver, type UseFormReturn, useForm } from 'react-hook-form';
import { type EngineError, engineErrorOf } from '../../trpc/engine-error.ts';
import { useTRPCClient } from '../../trpc/trpc.ts';
import { type KeptDraft, useKeptDraft } from './use-kept-draft.ts';

export interface ShapeForm {
  readonly form: UseFormReturn<NewEntity>;
  readonly draft: KeptDraft;
  readonly submit: () => void;
  readonly isPending: boolean;
  /** The engine's error when it does not belong to a field. */
  readonly error: EngineError | null;
}

/**
 * The form, validated with the same schema as the engine. Errors that only the engine can detect, such as a name that is
 * already taken, name the field at fault and are shown on it.
 */
export function useShapeForm(initial: NewEntity, place: string): ShapeForm {
  const client = useTRPCClient();
  const router = useRouter();
  const form = useForm<NewEntity>({ resolver: resolveSet, defaultValues: initial, mode: 'all' });
  const create = useMutation({ mutationFn: (shape: NewEntity) => client.entities.create.mutate(shape) });
  const draft = useKeptDraft(form, place);
  const submit = form.handleSubmit(async (shape) => {
    try {
      const entity = await create.mutateAsync(shape);
      draft.forget();
      router.push(`/entities/${encodeURIComponent(entity.entityName)}`);
    } catch (refusal) {
      showOnFields(form, engineErrorOf(refusal));
    }
  });
  const problem = create.error === null ? null : engineErrorOf(create.error);
  return {
    form,
    draft,
    submit: () => void submit(),
    isPending: create.isPending || create.isSuccess,
    error: problem === null || problem.fields.length > 0 ? null : problem,
  };
}

const resolve = zodResolver(newEntitySchema);

/** A field that is left empty has the value undefined in the form; the schema wants it to be absent. */
const resolveSet: Resolver<NewEntity> = (values, context, options) => {
  const set = Object.entries(values).filter(([, value]) => value !== undefined);
  return resolve(Object.fromEntries(set) as NewEntity, context, options);
};

function showOnFields(form: UseFormReturn<NewEntity>, { fields }: EngineError): void {
  for (const [index, { path, message }] of fields.entries())
    form.setError(path.join('.') as FieldPath<NewEntity>, { type: 'engine', message }, { shouldFocus: index === 0 });
}
