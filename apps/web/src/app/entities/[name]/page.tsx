import type { Metadata } from 'next';
import { EntityPage } from '../../../components/entity/entity-page.tsx';

type PageProps = { readonly params: Promise<{ readonly name: string }> };

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  return { title: decodeURIComponent((await params).name) };
}

export default async function Page({ params }: PageProps) {
  return <EntityPage entityName={decodeURIComponent((await params).name)} />;
}
