'use client';

import './globals.css';

interface GlobalErrorProps {
  readonly retry: () => void;
}

/** The fallback when even the page layout fails to render. */
export default function GlobalError({ retry }: GlobalErrorProps) {
  return (
    <html lang="en">
      <body>
        <title>EMCachers</title>
        <main className="grid gap-3 p-6">
          <h1 className="font-[620] text-title">Could not show the console.</h1>
          <p className="text-ink-2">Replication and caches are not affected.</p>
          <p>
            <button type="button" onClick={retry} className="underline">
              Try again
            </button>
          </p>
        </main>
      </body>
    </html>
  );
}
