// SPDX-License-Identifier: Apache-2.0
// Whoever edits the log of who did what, with the database's own tools, is found by `muster audit verify`,
// beside a running server.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { check, command, equal, playAll, scenario } from './scenario.mjs';

const addPerson = (admin, name) =>
  admin.post('/api/v1/people', { email: `${name}@example.org`, name, password: 'a long enough passphrase' });

async function tamper(t, where, edit) {
  const muster = await t.muster(where);
  const admin = await muster.signIn();
  await addPerson(admin, 'ben');
  await addPerson(admin, 'cleo');
  const flags = ['--data-folder', where.folder, ...(where.database ? ['--database', where.database] : [])];
  const verify = (...more) => command('audit', 'verify', ...flags, ...more);

  const whole = await verify();
  equal([whole.code, whole.err], [0, ''], 'a whole log');
  const [, rows, head] = whole.out.match(/^whole rows=(\d+) head=([0-9a-f]{64})$/m);
  check(Number(rows) >= 4, `the log has rows: ${rows}`);
  await addPerson(admin, 'dora');
  equal((await verify('--noted', head)).code, 0, 'the noted head is still there');
  equal((await verify('--noted', 'ab'.repeat(32))).code, 1, 'a head that never was');

  edit("DELETE FROM audit WHERE at_ms = (SELECT MAX(at_ms) FROM audit)");
  edit("DELETE FROM audit WHERE at_ms = (SELECT MAX(at_ms) FROM audit)");
  equal((await verify()).code, 0, 'rows cut off at the end leave no trace');
  const cut = await verify('--noted', head);
  equal(cut.code, 1, 'but are missed by who has noted the head');

  edit("UPDATE audit SET name = 'Nobody' WHERE action = 'person.created' AND number = 3");
  const broken = await verify();
  equal(broken.code, 1, 'a log that somebody has edited');
  check(/audit chain \d+ row 3: .*person\.created/.test(broken.err), `the place: ${broken.err}`);
  equal((await command('audit', 'mend', ...flags)).code, 2, 'what it cannot do');
  equal((await command('audit', 'verify', '--data-folder', t.folder())).code, 1, 'no database');
}

scenario('an edited log is found on SQLite', async (t) => {
  const folder = t.folder();
  // Node has no SQLite of its own here; Python's is there wherever Meson is.
  const edit = (sql) => execFileSync('python3', ['-c',
    'import sqlite3, sys; db = sqlite3.connect(sys.argv[1], timeout=10); db.execute(sys.argv[2]); db.commit()',
    join(folder, 'main.db'), sql]);
  await tamper(t, { folder }, edit);
});

scenario('an edited log is found on PostgreSQL', async (t) => {
  const postgres = await t.postgres();
  const edit = (sql) => execFileSync(join(postgres.bin, 'psql'), [postgres.url, '-q', '-c', `SET search_path TO main; ${sql}`]);
  await tamper(t, { folder: t.folder(), database: postgres.url }, edit);
});

await playAll();
