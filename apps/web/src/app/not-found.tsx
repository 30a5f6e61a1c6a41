import type { Metadata } from 'next';
import Link from 'next/link';
import { buttonClasses } from '../components/ui/button.tsx';
import { PageHead } from '../components/ui/page-head.tsx';

export const metadata: Metadata = { title: 'No such page' };

export default function NotFound() {
  return (
    <PageHead
      title="There is no page at this address."
      detail="It may be misspelt, or come from another version of the console."
      actions={
        <Link href="/" className={buttonClasses()}>
          Show all entities
        </Link>
      }
    />
  );
}
