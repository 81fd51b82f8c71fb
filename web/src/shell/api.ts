// SPDX-License-Identifier: Apache-2.0
// The HTTP API as the pages use it: JSON in, JSON out, refusals as Problem with words for a person.

import { hearServerDate } from './server-clock';

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly place: string | null,
    readonly retryAfterS: number | null,
  ) {
    super(detail);
  }

  // No answer at all: the server or the network is away.
  get isUnreachable(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

interface ProblemBody {
  title?: string;
  detail?: string;
  place?: string;
  field?: string;
}

let whenUnknown: () => void = () => {};

// Called when an answer says that nobody is signed in.
export function onUnknown(handler: () => void): void {
  whenUnknown = handler;
}

async function problemOf(response: Response): Promise<Problem> {
  let body: ProblemBody = {};
  try {
    body = (await response.json()) as ProblemBody;
  } catch {
    // Not from Muster itself, a proxy perhaps: the status has to do.
  }
  const retry = Number(response.headers.get('Retry-After'));
  return new Problem(
    response.status,
    body.detail ?? body.title ?? `The server answered ${response.status}.`,
    body.place ?? body.field ?? null,
    Number.isFinite(retry) && retry > 0 ? retry : null,
  );
}

const send = (method: string, path: string, body?: unknown, hearHeaders?: (headers: Headers) => void) => (
  body === undefined ? ask(method, path, null, hearHeaders)
    : ask(method, path, { type: 'application/json', bytes: JSON.stringify(body) }, hearHeaders));

interface Body {
  type: string;
  bytes: string | Blob;
  key?: string;
}

async function ask(method: string, path: string, body: Body | null, hearHeaders?: (headers: Headers) => void): Promise<unknown> {
  const init: RequestInit = { method, credentials: 'same-origin', headers: { Accept: 'application/json' } };
  if (body) {
    init.headers = { Accept: 'application/json', 'Content-Type': body.type, ...(body.key ? { 'Idempotency-Key': body.key } : {}) };
    init.body = body.bytes;
  }
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Problem(0, 'Muster does not answer. Check the network.', null, null);
  }
  hearServerDate(response.headers.get('Date'));
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.status === 401 && path !== '/api/v1/session') whenUnknown();
    throw problem;
  }
  hearHeaders?.(response.headers);
  if (response.status === 204) return null;
  try {
    const text = await response.text();
    return text === '' ? null : JSON.parse(text);
  } catch {
    // Cut off on its way, or from something between that thinks it knows better.
    throw new Problem(0, 'The answer did not come through whole. Check the network.', null, null);
  }
}

export const api = {
  get: <T>(path: string, hearHeaders?: (headers: Headers) => void) => send('GET', path, undefined, hearHeaders) as Promise<T>,
  post: <T>(path: string, body: unknown = {}) => send('POST', path, body) as Promise<T>,
  // With the same key the same is made once: again after an answer that was lost on its way, it is told what was made.
  create: <T>(path: string, body: unknown, key: string) => (
    ask('POST', path, { type: 'application/json', bytes: JSON.stringify(body), key }) as Promise<T>),
  put: <T>(path: string, body: unknown) => send('PUT', path, body) as Promise<T>,
  patch: <T>(path: string, body: unknown) => send('PATCH', path, body) as Promise<T>,
  delete: <T = null>(path: string) => send('DELETE', path) as Promise<T>,
  // A file as it is.
  upload: <T>(path: string, type: string, bytes: Blob) => ask('POST', path, { type, bytes }) as Promise<T>,
};

export interface Page<T> {
  items: T[];
  next: string | null;
}

// Every item of a list, page by page, at most `max`.
export async function all<T>(path: string, max = 2000): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const url = new URL(path, location.origin);
    if (cursor !== null) url.searchParams.set('cursor', cursor);
    const page: Page<T> = await api.get<Page<T>>(url.pathname + url.search);
    items.push(...page.items);
    cursor = page.next ?? null;
  } while (cursor !== null && items.length < max);
  return items;
}

export const at = (...parts: string[]) => `/api/v1/${parts.map(encodeURIComponent).join('/')}`;
