import { expect, test } from 'vitest';
import { read, repositoryFiles } from './repository.ts';

const pageFile = /^apps\/web\/src\/app\/(.*)page\.tsx$/;
const accessibility = 'e2e/every-page-is-accessible.spec.ts';

test('the accessibility test visits every page of the console', () => {
  const visited = read(accessibility);
  const routes = repositoryFiles().flatMap((file) => {
    const folder = pageFile.exec(file)?.[1];
    return folder === undefined ? [] : [`/${folder.replace(/\/$/, '')}`];
  });
  expect(routes.length).toBeGreaterThan(0);
  // A dynamic segment is a template in the test: /entities/[name] is `/entities/${…}`.
  const missing = routes.filter((route) => {
    const [fixed = '', parameter] = route.split('[');
    return parameter === undefined ? !visited.includes(`'${fixed}'`) : !visited.includes(`\`${fixed}\${`);
  });
  expect(missing).toEqual([]);
});
