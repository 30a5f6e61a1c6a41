import type { Metadata } from 'next';
import { FleetPage } from '../components/fleet/fleet-page.tsx';

export const metadata: Metadata = { title: 'Entities' };

export default function Page() {
  return <FleetPage />;
}
