import type { EntityView } from '@emcachers/core/api-views';
import type { Column } from '@emcachers/core/shape';
import type { EngineStack } from './engine-stack.ts';

const waitMsMax = 300_000;

export async function createEntity(
  stack: EngineStack,
  shape: { entityName: string; sourceName: string; columns: readonly Column[] },
): Promise<void> {
  const response = await fetch(`${stack.engineUrl}/api/v1/entities`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(shape),
  });
  if (!response.ok) throw new Error(await response.text());
}

async function readEntity(stack: EngineStack, entityName: string): Promise<EntityView> {
  return (await (await fetch(`${stack.engineUrl}/api/v1/entities/${entityName}`)).json()) as EntityView;
}

export async function readEntities(stack: EngineStack): Promise<readonly EntityView[]> {
  return (await (await fetch(`${stack.engineUrl}/api/v1/entities`)).json()) as EntityView[];
}

/** Waits until the API's view of the entity meets the condition. */
export async function untilEntity(
  stack: EngineStack,
  entityName: string,
  condition: (entity: EntityView) => boolean,
): Promise<void> {
  const deadline = performance.now() + waitMsMax;
  while (performance.now() < deadline) {
    if (condition(await readEntity(stack, entityName))) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${entityName} did not meet the condition within ${waitMsMax / 1000} s.`);
}
