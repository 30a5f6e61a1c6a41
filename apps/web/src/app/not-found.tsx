import type { Metadata } from 'next';
import Link from 'next/link';
import { buttonClasses } from '../components/ui/button.tsx';
import { PageHead } from '../components/ui/page-head.tsx';

export const metadata: Metadata = { title: 'Page not found' };

export default function NotFound() {
  return (
    <PageHead
      title="Page not found."
      detail="The address may be wrong, or from another version of the console."
      actions={
        <Link href="/" className={buttonClasses()}>
          Show all entities
        </Link>
      }
    />
  );
}
