// SPDX-License-Identifier: Apache-2.0
// A page that lists people: loaded when it opens, and again after every change that it tells of.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Loader } from '../shell/loader';
import { askWhoIsSignedIn } from '../shell/session';

// `of` says whose people they are, where that can change.
export function usePeopleList<Row>(title: string, load: () => Promise<Row[]>, of = '') {
  const [list, setList] = useState<Row[] | null>(null);
  const [done, setDone] = useState('');
  const loader = useMemo(() => new Loader(async () => setList(await load())), [of]);
  useEffect(() => {
    document.title = `${title} · Muster`;
    loader.now();
    return () => loader.stop();
  }, [loader]);
  const changed = (words: string) => {
    setDone(words);
    loader.now();
    void askWhoIsSignedIn(); // it may be one's own name or roles
  };
  return { list, loader, done, changed };
}
