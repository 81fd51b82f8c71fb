// SPDX-License-Identifier: Apache-2.0
// A page that lists people.
import { useListing } from '../shell/listing';
import { askWhoIsSignedIn } from '../shell/session';

export function usePeopleList<Row>(title: string, load: () => Promise<Row[]>, of = '') {
  const listing = useListing(title, load, of);
  const changed = (words: string) => {
    listing.changed(words);
    void askWhoIsSignedIn(); // it may be one's own name or roles
  };
  return { ...listing, changed };
}
