// SPDX-License-Identifier: Apache-2.0
// A page that lists something: read when it opens, and again after every change that it tells of.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Loader } from './loader';

// `of` says whose list it is, where that can change.
export function useListing<Row>(title: string, load: () => Promise<Row[]>, of = '') {
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
  };
  return { list, loader, done, changed };
}
