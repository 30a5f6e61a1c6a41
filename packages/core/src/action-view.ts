import { z } from 'zod';

/**
 * The texts and the placement with which the console offers an action on an entity. The engine builds them from its table
 * of job kinds, so a new kind appears in the console without a change there.
 */

/** Placeholders for facts about the entity, used in braces in the texts. The console fills them in its own formats. */
export const actionFacts = [
  'entityName',
  'sourceName',
  'documents',
  'letters',
  'caches',
  'nodes',
  'fileBytes',
] as const;
/** The name of a fact that a consequence may contain. */
export type ActionFact = (typeof actionFacts)[number];

export const actionTextsSchema = z.object({
  /** Before the entity's name while the job runs, for example "Refreshing". */
  doing: z.string(),
  /** Before the entity's name when the job has succeeded. */
  done: z.string(),
  icon: z.enum(['refresh', 'rebuild', 'pause', 'resume', 'verify', 'repair', 'snapshot', 'retry', 'discard', 'delete']),
  /** `page`: a button on the entity's own page, in the menu elsewhere. `menu`: always in the menu. */
  place: z.enum(['page', 'menu']),
  offered: z.enum(['always', 'while-paused', 'unless-paused', 'with-dead-letters']),
  /** `none` starts at once, `dialog` shows the consequences first, `typed-name` also requires the entity's name. */
  confirmation: z.enum(['none', 'dialog', 'typed-name']),
  /** The dialog's title; may contain placeholders. */
  question: z.string(),
  /** The dialog's lines: a term and a text, which may contain placeholders. */
  consequences: z.array(z.object({ term: z.string(), text: z.string() })),
  /** Boolean inputs of the job, shown as checkboxes in the dialog. */
  options: z.array(z.object({ name: z.string(), title: z.string(), detail: z.string() })),
  /** What the dialog asks for beside the options. `ids`: documents by `_id`; `selection`: also by a query or since a time. */
  documents: z.enum(['ids', 'selection']).exactOptional(),
});
/** Everything that the console shows for an action before, during and after it runs. */
export type ActionTexts = z.infer<typeof actionTextsSchema>;

export const actionViewSchema = actionTextsSchema.extend({
  kind: z.string(),
  title: z.string(),
  /** True if the job deletes the entity. */
  isFinal: z.boolean(),
});
/** An action that the console offers for an entity. */
export type ActionView = z.infer<typeof actionViewSchema>;
