/** The collections that writers change at random, and that entities copy. */
export const databaseName = 'prove';
/** The last two are renamed onto each other. */
export const collectionNames: readonly string[] = ['c0', 'c1', 'c2', 'c3', 'r0', 'r1'];
