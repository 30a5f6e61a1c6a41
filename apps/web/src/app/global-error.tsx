'use client';

import './globals.css';

interface GlobalErrorProps {
  readonly retry: () => void;
}

/** The last resort, when not even the frame of the pages could be made. */
export default function GlobalError({ retry }: GlobalErrorProps) {
  return (
    <html lang="en">
      <body>
        <title>EMCachers</title>
        <main className="grid gap-3 p-6">
          <h1 className="font-[620] text-title">The console could not be shown.</h1>
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
