// SPDX-License-Identifier: Apache-2.0
// The address says what is seen, so that a reload or a link to a colleague shows the same.
import type { ComponentChildren, JSX } from 'preact';
import { Cell, useCell } from './cell';

export type Section = 'sign-in' | 'control' | 'devices' | 'outbox' | 'editor' | 'analysis' | 'people' | 'tokens' | 'privacy' | 'unknown';

export interface Route {
  section: Section;
  event: string | null;
  venue: string | null;
  query: URLSearchParams;
}

const SECTIONS: Section[] = ['sign-in', 'control', 'devices', 'outbox', 'editor', 'analysis', 'people', 'tokens', 'privacy'];

function read(): Route {
  const [first = 'control', event, venue] = location.pathname.split('/').filter(Boolean).map(decodeURIComponent);
  const section = SECTIONS.find((name) => name === first) ?? 'unknown';
  return { section, event: event ?? null, venue: venue ?? null, query: new URLSearchParams(location.search) };
}

export const route = new Cell<Route>(read());
export const useRoute = () => useCell(route);

addEventListener('popstate', () => route.set(read()));

export function go(path: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', path);
  else history.replaceState(null, '', path);
  route.set(read());
}

// Where a stranger wanted to go. Only a path of our own: a link must not lead a signed-in person elsewhere.
export function pathAfterSignIn(query: URLSearchParams): string {
  const next = query.get('next') ?? '';
  return /^\/(?!\/|\\)/.test(next) ? next : '/control';
}

// A part of the state that is worth a link but no entry in the browser's history.
export function setQuery(name: string, value: string | null): void {
  const query = new URLSearchParams(location.search);
  if (value === null) query.delete(name);
  else query.set(name, value);
  const text = query.toString();
  go(location.pathname + (text ? `?${text}` : ''), 'replace');
}

interface LinkProps {
  to: string;
  current?: boolean | 'below'; // a page that this one leads to
  class?: string;
  children: ComponentChildren;
}

export function Link({ to, current = false, children, ...rest }: LinkProps) {
  const follow: JSX.MouseEventHandler<HTMLAnchorElement> = (event) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a href={to} onClick={follow} aria-current={current === 'below' ? 'true' : current ? 'page' : undefined} {...rest}>
      {children}
    </a>
  );
}
