import type { OperatorTable } from './operator.ts';

export const setOperators: OperatorTable = {};
