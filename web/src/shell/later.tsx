// SPDX-License-Identifier: Apache-2.0
// A page whose script comes when it is first opened.
import type { FunctionComponent } from 'preact';
import { useEffect, useState } from 'preact/hooks';

export interface PlacedPage {
  event: string;
  venue: string | null;
}

interface LaterProps<Place> {
  read: () => Promise<FunctionComponent<Place>>;
  at: Place;
}

export function Later<Place extends object>({ read, at }: LaterProps<Place>) {
  const [page, setPage] = useState<{ Page: FunctionComponent<Place> } | null>(null);
  const [isFailed, setFailed] = useState(false);
  useEffect(() => {
    read().then((Page) => setPage({ Page }), () => setFailed(true));
  }, []);
  if (page) return <page.Page {...at} />;
  return (
    <main class="page" id="main">
      <h1 class="visually-hidden">Muster</h1>
      {isFailed ? <p role="alert">This page could not be read. Check the network, then reload.</p> : <p role="status">Loading…</p>}
    </main>
  );
}
