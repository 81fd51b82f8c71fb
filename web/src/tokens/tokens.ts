// SPDX-License-Identifier: Apache-2.0
// What devices and programs sign in with, as the API has it.
import { all, api, at, Problem } from '../shell/api';
import type { DeviceDocument, VenueSummary } from '../shell/documents';
import { loadVenues } from '../shell/place';

export type Purpose = 'send' | 'read';

export const PURPOSES: { purpose: Purpose; name: string; may: string }[] = [
  { purpose: 'send', name: 'Send', may: 'For cameras, counters and sensors: detections and readings come in. It reads no counts.' },
  { purpose: 'read', name: 'Read counts', may: 'For a display or another platform: how many people are where, nothing of single people. It changes nothing.' },
];

export interface Token {
  id: number;
  name: string;
  purpose: Purpose;
  device?: string; // the only one that may use it
  created_at: string;
  last_used_at: string | null; // to the minute
  revoked_at: string | null;
}

export interface NewToken {
  name: string;
  purpose: Purpose;
  device?: string;
}

export interface MadeToken extends Token {
  token: string; // told this once
}

export const NAME_MAX = 200; // bytes
export const LISTED_MAX = 20000; // those of an event that live, and as many revoked ones

const newestFirst = (a: Token, b: Token) => Date.parse(b.created_at) - Date.parse(a.created_at) || b.id - a.id;
export const loadTokens = async (event: string) => (
  (await all<Token>(`${at('events', event, 'tokens')}?limit=1000`, LISTED_MAX)).sort(newestFirst));
export const makeToken = (event: string, token: NewToken, key: string) => api.create<MadeToken>(at('events', event, 'tokens'), token, key);

// What is revoked already is as revoked as wanted.
export async function revokeToken(event: string, id: number): Promise<void> {
  try {
    await api.delete(at('events', event, 'tokens', String(id)));
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 404 || error.place === 'event') throw error;
  }
}

// A venue with what measures there.
export interface Site {
  venue: VenueSummary;
  devices: DeviceDocument[];
}

const byName = (a: DeviceDocument, b: DeviceDocument) => a.name.localeCompare(b.name, undefined, { numeric: true });

export async function loadSites(event: string): Promise<Site[]> {
  return Promise.all((await loadVenues(event)).map(async (venue) => ({
    venue,
    devices: (await all<DeviceDocument>(`${at('events', event, 'venues', venue.id, 'devices')}?limit=1000`, 5000)).sort(byName),
  })));
}

export const deviceOf = (sites: Site[] | null, id: string) => (
  sites?.flatMap(({ devices }) => devices).find((device) => device.id === id) ?? null);
