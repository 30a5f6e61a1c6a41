/** More than an operator can pick from a list. A list of this length may be cut; names beyond it can still be typed. */
export const collectionsListedMax = 2_000;
