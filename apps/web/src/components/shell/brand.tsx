import Link from 'next/link';

export function Brand() {
  return (
    <Link href="/" className="flex items-center gap-2.5 font-[680] tracking-tight">
      <svg width={22} height={22} viewBox="0 0 22 22" aria-hidden>
        <rect width={22} height={22} rx={5} className="fill-accent" />
        <path
          d="M5 7h5l3 4h4M5 15h5l3-4"
          fill="none"
          className="stroke-accent-ink"
          strokeWidth={1.8}
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      EMCachers
    </Link>
  );
}
