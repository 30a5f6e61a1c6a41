import { debounce, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { type EntityListing, type EntitySort, entitySorts, statusFilters } from '../../entity-facts/entity-order.ts';

const typingMs = 200;

const parsers = {
  text: parseAsString.withDefault('').withOptions({ limitUrlUpdates: debounce(typingMs) }),
  status: parseAsStringLiteral(statusFilters).withDefault('any'),
  node: parseAsString,
  sort: parseAsStringLiteral(entitySorts).withDefault('worst'),
  direction: parseAsStringLiteral(['ascending', 'descending']).withDefault('ascending'),
};

export interface ListingControls {
  readonly listing: EntityListing;
  readonly change: (part: Partial<EntityListing>) => void;
  readonly clear: () => void;
  /** State and toggle of a header cell. The first click sorts figures descending and names ascending. */
  readonly sortOf: (sort: EntitySort) => { state: 'ascending' | 'descending' | 'none'; toggle: () => void };
}

/** The table's filter and sort order, kept in the URL so that a view can be shared. */
export function useEntityListing(): ListingControls {
  const [listing, setListing] = useQueryStates(parsers, { urlKeys: { text: 'q' } });
  const change = (part: Partial<EntityListing>) => {
    void setListing(part);
  };
  return {
    listing,
    change,
    clear: () => {
      void setListing(null);
    },
    sortOf: (sort) => {
      const state = listing.sort === sort ? listing.direction : 'none';
      const first = sort === 'entity' ? 'ascending' : 'descending';
      const other = first === 'ascending' ? 'descending' : 'ascending';
      const toggle = () => {
        if (state === 'none') change({ sort, direction: first });
        else if (state === first) change({ sort, direction: other });
        else change({ sort: 'worst', direction: 'ascending' });
      };
      return { state, toggle };
    },
  };
}
