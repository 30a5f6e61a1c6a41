import type { ApiContext } from './api-context.ts';
import type { NamedOperation } from './operations.ts';
import { requireStorableText } from './storable-text.ts';

export interface OperationCall extends NamedOperation {
  /** Validated by the operation's schema. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly context: ApiContext;
  /** Null if the client sent none or the transport does not support it. */
  readonly idempotencyKey: string | null;
}

/** Runs a tRPC or REST call: once per Idempotency-Key, with an audit line in the log if it is a mutation. */
export async function callOperation({
  name,
  operation,
  input,
  context,
  idempotencyKey,
}: OperationCall): Promise<unknown> {
  const { services, log, correlationId } = context;
  requireStorableText(input);
  const handle = (): Promise<unknown> => operation.handle({ input, services, asker: { actor: 'api', correlationId } });
  if (operation.kind === 'query') return handle();
  const key = operation.repetition === 'by-key' ? idempotencyKey : null;
  const route = operation.rest.operationId;
  const answer = await services.idempotency.once({ key, route, body: input }, handle);
  log.info(
    { operation: name, entity: input['entityName'], jobId: input['jobId'], nodeId: input['nodeId'], correlationId },
    operation.audit,
  );
  return answer;
}
