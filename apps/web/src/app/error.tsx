'use client';

import { Banner } from '../components/ui/banner.tsx';
import { Button } from '../components/ui/button.tsx';
import { PageHead } from '../components/ui/page-head.tsx';

interface ErrorPageProps {
  readonly error: unknown;
  readonly retry: () => void;
}

/** A defect of the console itself. The engine and the caches do not notice it. */
export default function ErrorPage({ error, retry }: ErrorPageProps) {
  const words = error instanceof Error ? error.message : String(error);
  return (
    <>
      <PageHead title="This page could not be shown." />
      <Banner
        tone="bad"
        urgent
        title="The console met a state that it did not expect."
        action={
          <Button size="small" onClick={retry}>
            Try again
          </Button>
        }
      >
        <p>Replication and caches are not affected. If it happens again, report these words:</p>
        <code>{words}</code>
      </Banner>
    </>
  );
}
