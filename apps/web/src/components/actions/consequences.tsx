/** The consequences of an action, one labelled line each. */
export function Consequences({ facts }: { readonly facts: readonly (readonly [string, string])[] }) {
  return (
    <dl className="grid gap-x-4 gap-y-2 sm:grid-cols-[max-content_minmax(0,1fr)]">
      {facts.map(([name, words]) => (
        <div key={name} className="contents">
          <dt className="font-[560] text-ink">{name}</dt>
          <dd className="figures max-sm:-mt-1.5">{words}</dd>
        </div>
      ))}
    </dl>
  );
}
