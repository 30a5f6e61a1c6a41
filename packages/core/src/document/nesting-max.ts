/** MongoDB stores up to 100 levels (https://www.mongodb.com/docs/manual/reference/limits/); beyond this our stack is at risk. */
export const nestingMax = 200;
