import { AndFilter, EqualityFilter, type Filter, NotFilter, OrFilter } from 'ldapts';
import { otherClasses, userObject } from './account.ts';

/** Fits people only, as `AccountState.person` has it, by attributes that have an index everywhere. */
export function person(): Filter {
  return new AndFilter({
    filters: [
      new EqualityFilter({ attribute: 'objectClass', value: 'user' }),
      new EqualityFilter({ attribute: 'sAMAccountType', value: String(userObject) }),
      notOther(),
    ],
  });
}

/** Fits none of the accounts that are users to the directory, and no people. */
export function notOther(): Filter {
  const others = otherClasses.map((value) => new EqualityFilter({ attribute: 'objectClass', value }));
  return new NotFilter({ filter: new OrFilter({ filters: others }) });
}
