// SPDX-License-Identifier: Apache-2.0
// Several processes start for the first time at once, on one empty PostgreSQL: one makes the first
// administrator and keeps the password, the others serve all the same.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Muster, check, equal, playAll, scenario } from './scenario.mjs';

const PASSWORD_FILE = 'first-admin-password';
const STARTS = 3;

// Beside each other, without --admin-password, so that each has to think of one.
async function startTogether(t, database, folders, emails = []) {
  const all = folders.map((folder, i) => new Muster(
    ['--data-folder', folder, '--database', database, ...(emails[i] ? ['--admin-email', emails[i]] : [])]));
  for (const muster of all) t.endings.push(() => muster.end());
  await Promise.all(all.map((muster) => muster.start()));
  return all;
}

async function countAdmins(admin) {
  const { items } = await admin.get('/api/v1/people');
  return items.filter((person) => person.is_admin).length;
}

scenario('of three first starts at once, each with a folder of its own, one makes the administrator', async (t) => {
  const { url } = await t.postgres();
  const folders = Array.from({ length: STARTS }, () => t.folder());
  const emails = folders.map((_, i) => `admin-${i}@example.org`);
  const all = await startTogether(t, url, folders, emails);
  const withFile = folders.map((folder, i) => i).filter((i) => existsSync(join(folders[i], PASSWORD_FILE)));
  equal(withFile.length, 1, 'folders with a password');
  const [first] = withFile;
  const file = join(folders[first], PASSWORD_FILE);
  equal(statSync(file).mode & 0o777, 0o600, 'mode of the password file');
  const person = { email: emails[first], password: readFileSync(file, 'utf8').trim() };
  for (const muster of all) equal(await countAdmins(await muster.signIn(person)), 1, 'administrators');
});

scenario('of three first starts at once in one folder, the password that is left is the one that works', async (t) => {
  const { url } = await t.postgres();
  const folder = t.folder();
  const all = await startTogether(t, url, Array(STARTS).fill(folder));
  const password = readFileSync(join(folder, PASSWORD_FILE), 'utf8').trim();
  check(password.length > 20, 'a random password');
  for (const muster of all)
    equal(await countAdmins(await muster.signIn({ email: 'admin@localhost', password })), 1, 'administrators');
});

await playAll();
