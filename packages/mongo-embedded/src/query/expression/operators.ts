import { arithmeticOperators } from './arithmetic-operators.ts';
import { arrayOperators } from './array-operators.ts';
import { comparisonOperators } from './comparison-operators.ts';
import { controlOperators } from './control-operators.ts';
import { conversionOperators } from './conversion-operators.ts';
import { dateOperators } from './date-operators.ts';
import { iterationOperators } from './iteration-operators.ts';
import { objectOperators } from './object-operators.ts';
import type { OperatorTable } from './operator.ts';
import { setOperators } from './set-operators.ts';
import { stringOperators } from './string-operators.ts';

/** Every operator that this server knows. */
export const operators: OperatorTable = {
  ...comparisonOperators,
  ...controlOperators,
  ...arithmeticOperators,
  ...stringOperators,
  ...arrayOperators,
  ...iterationOperators,
  ...objectOperators,
  ...setOperators,
  ...conversionOperators,
  ...dateOperators,
};
