import process from 'node:process';
import fc from 'fast-check';

/** fast-check prints the seed of a property that fails; EMCACHERS_TEST_SEED gives it back, as it does for other random tests. */
const seed = Number(process.env['EMCACHERS_TEST_SEED']);
if (Number.isInteger(seed) && seed !== 0) fc.configureGlobal({ seed });
