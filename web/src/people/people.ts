// SPDX-License-Identifier: Apache-2.0
// People and what they are at an event, as the API has them.
import { all, api, at, Problem } from '../shell/api';

export type Role = 'organiser' | 'control' | 'crew' | 'door' | 'guest';

export const ROLES: { role: Role; name: string; may: string }[] = [
  { role: 'organiser', name: 'Organiser', may: 'Changes the event, its places, its alarms and its members' },
  { role: 'control', name: 'Control room', may: 'Watches the crowd and acknowledges alarms' },
  { role: 'crew', name: 'Crew', may: 'Sees the plan and the devices' },
  { role: 'door', name: 'Door', may: 'Sees the plan and the devices' },
  { role: 'guest', name: 'Guest', may: 'Sees the event and its plan' },
];

export const roleNames = (roles: Role[]) => ROLES.filter(({ role }) => roles.includes(role)).map(({ name }) => name).join(', ');

interface Named {
  id: number;
  name: string;
  email: string;
}

export interface Member {
  person: Named;
  roles: Role[];
}

export interface Person extends Named {
  is_admin: boolean;
  is_disabled: boolean;
  created_at: string;
}

export interface NewPerson {
  email: string;
  name: string;
  password: string;
  is_admin: boolean;
}

export const LISTED_MAX = 5000;
const byName = (a: Named, b: Named) => a.name.localeCompare(b.name) || a.id - b.id;
export const loadMembers = async (event: string) => (
  (await all<Member>(at('events', event, 'members'), LISTED_MAX)).sort((a, b) => byName(a.person, b.person)));
export const setRoles = (event: string, person: number | string, roles: Role[]) => (
  api.put<Member>(at('events', event, 'members', String(person)), { roles }));
export const loadPeople = async () => (await all<Person>(at('people'), LISTED_MAX)).sort(byName);
export const createPerson = (person: NewPerson) => api.post<Person>(at('people'), person);
export const changePerson = (id: number, change: { name?: string; is_disabled?: boolean }) => (
  api.patch<Person>(at('people', String(id)), change));
export const newPassword = (id: number) => api.post<{ password: string }>(at('people', String(id), 'password'));

// Who is gone already is as gone as wanted.
export async function removeMember(event: string, person: number): Promise<void> {
  try {
    await api.delete(at('events', event, 'members', String(person)));
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 404 || error.place !== 'person') throw error;
  }
}

// As the server compares addresses.
export const sameAddress = (one: string, other: string) => (
  one.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase()) === other.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase()));

export type Joining =
  | { kind: 'joined'; member: Member; isNew: boolean }
  | { kind: 'is_member'; member: Member }
  | { kind: 'unknown' };

// Members are read anew first: to set the roles of somebody who is one would take away those that they have.
// Nobody is created who is there: after an answer that was lost on its way, the same again is enough.
export async function join(event: string, email: string, roles: Role[], person: NewPerson | null): Promise<Joining> {
  const known = (await loadMembers(event)).find((member) => sameAddress(member.person.email, email));
  if (known) return { kind: 'is_member', member: known };
  const isUnknown = (error: unknown) => error instanceof Problem && error.status === 404 && error.place === 'person';
  try {
    return { kind: 'joined', member: await setRoles(event, email, roles), isNew: false };
  } catch (error) {
    if (!isUnknown(error)) throw error;
  }
  if (!person) return { kind: 'unknown' };
  const created = await createPerson(person);
  return { kind: 'joined', member: await setRoles(event, created.id, roles), isNew: true };
}
