'use client';

import { Banner } from '../components/ui/banner.tsx';
import { Button } from '../components/ui/button.tsx';
import { PageHead } from '../components/ui/page-head.tsx';

interface ErrorPageProps {
  readonly error: unknown;
  readonly retry: () => void;
}

/** An error in the console itself. It does not affect the engine and the caches. */
export default function ErrorPage({ error, retry }: ErrorPageProps) {
  const words = error instanceof Error ? error.message : String(error);
  return (
    <>
      <PageHead title="Could not show this page." />
      <Banner
        tone="bad"
        urgent
        title="The console has an internal error."
        action={
          <Button size="small" onClick={retry}>
            Try again
          </Button>
        }
      >
        <p>Replication and caches are not affected. If the error occurs again, report this message:</p>
        <code>{words}</code>
      </Banner>
    </>
  );
}
