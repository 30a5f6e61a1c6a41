import type { ApiContext } from './api-context.ts';
import type { IdempotentAnswer } from './idempotency.ts';
import type { NamedOperation } from './operations.ts';
import { requireStorableText } from './storable-text.ts';

export interface OperationCall extends NamedOperation {
  /** Validated by the operation's schema. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly context: ApiContext;
}

/** Runs a tRPC or REST call: a mutation once per Idempotency-Key, with an audit line in the log. */
export async function callOperation(call: OperationCall): Promise<IdempotentAnswer<unknown>> {
  const { name, operation, input, context } = call;
  const { services, log, idempotencyKey: key } = context;
  requireStorableText(input);
  const handle = (correlationId: string): Promise<unknown> =>
    operation.handle({ input, services, asker: { actor: 'api', correlationId } });
  const { correlationId } = context;
  if (operation.kind === 'query') return { answer: await handle(correlationId), isReplay: false };
  const route = operation.rest.operationId;
  const answered = await services.idempotency.once({ key, route, body: input, correlationId }, handle);
  const facts = { operation: name, entity: input['entityName'], jobId: input['jobId'], nodeId: input['nodeId'] };
  if (answered.isReplay) log.info({ ...facts, correlationId }, 'A repeated request got the answer of the first one.');
  else log.info({ ...facts, correlationId }, operation.audit);
  return answered;
}
