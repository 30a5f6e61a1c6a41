import type { OperatorTable } from './operator.ts';

export const conversionOperators: OperatorTable = {};
