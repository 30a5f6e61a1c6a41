import type { Metadata } from 'next';
import { ShapeFormPage } from '../../../components/shape-form/shape-form-page.tsx';

export const metadata: Metadata = { title: 'New entity' };

export default function Page() {
  return <ShapeFormPage />;
}
