import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';

interface OpenContext {
  readonly page: Page;
  readonly entityName: string;
}

interface AuditedPage {
  readonly name: string;
  readonly open: (context: OpenContext) => Promise<void>;
}

const tabs = ['Overview', 'Rows', 'Oplog', 'Dead letters', 'Jobs', 'Shape'];

/** The states of the console that need an entity. */
const pagesWithEntity: readonly AuditedPage[] = [
  {
    name: 'the list of entities',
    open: async ({ page, entityName }) => {
      await page.goto('/');
      await expect(page.getByRole('link', { name: entityName })).toBeVisible();
    },
  },
  ...tabs.map((tab) => ({
    name: `the tab ${tab} of an entity`,
    open: async ({ page, entityName }: OpenContext) => {
      await page.goto(`/entities/${entityName}`);
      await page.getByRole('tab', { name: tab }).click();
      await expect(page.getByRole('tabpanel', { name: tab })).toBeVisible();
    },
  })),
  {
    name: 'the dialog that deletes an entity',
    open: async ({ page, entityName }) => {
      await page.goto(`/entities/${entityName}`);
      await page.getByRole('button', { name: `Actions for ${entityName}` }).click();
      await page.getByRole('menuitem', { name: 'Delete entity' }).click();
      await expect(page.getByRole('alertdialog')).toBeVisible();
    },
  },
  {
    name: 'the problems',
    open: async ({ page }) => {
      await page.goto('/problems');
      await expect(page.getByRole('heading', { level: 1, name: /problem/i })).toBeVisible();
    },
  },
  {
    name: 'the audit',
    open: async ({ page, entityName }) => {
      await page.goto('/audit');
      await page.getByLabel('Entity').selectOption(entityName);
      // One, once the list is that of the entity.
      await expect(page.getByRole('row').filter({ hasText: 'Create entity' })).toHaveCount(1);
    },
  },
  {
    name: 'the nodes',
    open: async ({ page }) => {
      await page.goto('/nodes');
      await expect(page.getByText('leader', { exact: true })).toBeVisible();
    },
  },
];

/** The states of the console that need none. */
const pagesWithoutEntity = [
  {
    name: 'the list without entities',
    open: async (page: Page) => {
      await page.goto('/');
      await expect(page.getByRole('heading', { name: 'Create your first entity' })).toBeVisible();
    },
  },
  {
    name: 'the form with errors',
    open: async (page: Page) => {
      await page.goto('/entities/new');
      await page.getByRole('button', { name: 'Create entity' }).click();
      await expect(page.locator('[aria-invalid="true"]').first()).toBeVisible();
    },
  },
  {
    name: 'the jobs',
    open: async (page: Page) => {
      await page.goto('/jobs');
      await expect(page.getByRole('heading', { level: 1 })).toContainText('running');
    },
  },
  {
    name: 'the incidents',
    open: async (page: Page) => {
      await page.goto('/incidents');
      await expect(page.getByRole('heading', { level: 1 })).toContainText(/incidents? (is )?open/);
    },
  },
  {
    name: 'an entity that does not exist',
    open: async (page: Page) => {
      await page.goto('/entities/no_such_entity');
      await expect(page.getByRole('heading', { level: 1 })).toContainText('There is no entity named');
    },
  },
];

async function sidewaysOverflow(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - window.innerWidth));
}

/** WCAG 2.2 AA by axe in both themes, on a desktop and on the narrowest screen that WCAG names. */
async function audit(page: Page, axe: () => Promise<unknown[]>): Promise<void> {
  for (const width of [1280, 320]) {
    await page.setViewportSize({ width, height: 800 });
    expect(await axe(), `${width} px`).toEqual([]);
    expect(await sidewaysOverflow(page), `${width} px`).toBe(0);
  }
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`pass axe and do not scroll sideways (${colorScheme})`, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: 'reduce' } });

    for (const { name, open } of pagesWithoutEntity) {
      test(name, async ({ page, axe, expectRefusal }) => {
        expectRefusal(404, 'entities.get');
        await open(page);
        await audit(page, axe);
      });
    }

    for (const { name, open } of pagesWithEntity) {
      test(name, async ({ page, axe, liveEntity }) => {
        await open({ page, entityName: liveEntity });
        await audit(page, axe);
      });
    }
  });
}
