import type { OperatorTable } from './operator.ts';

export const iterationOperators: OperatorTable = {};
