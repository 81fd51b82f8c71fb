// SPDX-License-Identifier: Apache-2.0
// What devices and programs sign in with: an organiser makes it, it works, and it is taken back.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { ADMIN, check, equal, playAll, scenario, Skipped } from './scenario.mjs';
import { buildPark, crowd, makeToken } from './park.mjs';
import { DESK, openBrowser, Room } from './browser/room.mjs';

const SMALL = { width: 390, height: 844 };
const EVENT = '/api/v1/events/demo';
const TOKENS = `${EVENT}/tokens`;
const OLGA = { email: 'olga@example.org', name: 'Olga Organiser', password: 'Karussell-am-See' };
const CURL = '/usr/bin/curl';

// The park, and Olga who organises it.
async function open(t) {
  const browser = await openBrowser(t);
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  await admin.post('/api/v1/people', OLGA);
  await admin.put(`${EVENT}/members/${OLGA.email}`, { roles: ['organiser'] });
  return { browser, muster, admin };
}

async function enter(browser, muster, who, path, more = {}) {
  const room = await Room.open(browser, muster.url, more);
  await room.signIn(who, path);
  await room.see('#tokens-title');
  return room;
}

const row = (name) => `[data-token="${name}"]`;
const secretOf = (room) => room.text('.shown-once .to-copy:nth-of-type(1) code');
const lineOf = (room) => room.text('.shown-once .to-copy:nth-of-type(2) code');
const living = async (admin) => (await admin.get(TOKENS)).items.filter((token) => token.revoked_at === null);
const hasFocus = (room, selector) => room.page.waitForFunction((wanted) => document.activeElement?.matches(wanted), selector);

// Fills in the form, which is open.
async function make(room, { name, purpose = 'send', device = null }) {
  await room.page.check(`[name=purpose][value=${purpose}]`);
  if (device) await room.page.selectOption('[name=device]', device);
  await room.page.fill('.listing-add [name=name]', name);
  await room.page.click('.listing-add [type=submit]');
  await room.see('.shown-once');
}

// What a shell makes of the line that the page shows: the answer and its status.
async function runInShell(line) {
  const { stdout } = await promisify(execFile)('sh', ['-c', `${line.replace(/^curl /, `curl -sS -w '\\n%{http_code}' `)}`]);
  const at = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(at + 1)), text: stdout.slice(0, at) };
}

const forgive = (room, statuses) => { room.complaints = room.complaints.filter((line) => !statuses.some((status) => line.includes(`status of ${status}`))); };

scenario('an organiser connects a camera that was never heard, and takes its token back', async (t) => {
  const { browser, muster, admin } = await open(t);
  const room = await Room.open(browser, muster.url);
  await room.signIn(OLGA, '/devices/demo/park');
  await room.page.click('[data-device=cam-1] >> text=Connect');
  await room.see('#tokens-title');
  equal(await room.page.getAttribute('.sections >> text=Devices', 'aria-current'), 'true', 'where one is');
  await room.page.waitForFunction(() => document.querySelector('.listing-add [name=name]')?.value === 'Mast 1');
  equal(await room.page.inputValue('[name=device]'), 'cam-1', 'the device');
  await room.page.click('.listing-add [type=submit]');
  await hasFocus(room, '.shown-once h3');
  await room.reads('.shown-once', /will not be shown again/);
  const secret = await secretOf(room);
  const camera = muster.withToken(secret);
  await camera.post('/api/v1/detections', crowd('cam-1', 7), 202);
  await camera.post('/api/v1/detections', crowd('cam-2', 7), 403);
  await room.see(row('Mast 1'));
  await room.page.click('[data-kept]');
  await hasFocus(room, '[data-add]');
  check(!(await room.page.content()).includes(secret), 'the token is nowhere on the page any more');
  await room.page.click('[data-again]');
  await room.reads(`${row('Mast 1')} .item-state`, /Last used \d/);
  await room.reads(`${row('Mast 1')} .item-detail`, /Sends for Mast 1 cam-1/);
  await room.page.click(`${row('Mast 1')} [data-revoke]`);
  await room.reads('.item-asked', /Revoke “Mast 1”/);
  await room.page.keyboard.press('Enter'); // a second one that came too early: the way out has the focus
  await room.page.waitForSelector('.item-asked', { state: 'detached' });
  equal((await living(admin)).length, 1, 'tokens that live');
  await room.page.click(`${row('Mast 1')} [data-revoke]`);
  await room.page.click('[data-yes][aria-disabled=false]');
  await room.reads('.listing-done', /“Mast 1” is revoked/);
  await hasFocus(room, '#tokens-title');
  await camera.post('/api/v1/detections', crowd('cam-1', 7), 401);
  await room.reads(`${row('Mast 1')} .item-state`, /Revoked \d.*last used/);
  equal(await room.page.locator('[data-revoke]').count(), 0, 'ways to revoke what is revoked');
  room.hasNoComplaints();
});

scenario('the lines to try a token with work as they stand', async (t) => {
  if (!existsSync(CURL)) throw new Skipped(`there is no ${CURL}`);
  const { browser, muster, admin } = await open(t);
  await admin.put(`${EVENT}/venues/park/devices/gate-1`, { name: 'Gate 1', kind: 'counter', counts_into: 'stage' });
  await admin.put(`${EVENT}/venues/park/devices/cam-3`, { name: 'Mast 3', kind: 'camera' });
  const room = await enter(browser, muster, OLGA, '/tokens/demo');
  for (const [wanted, status, says] of [
    [{ name: 'Metres', device: 'cam-1' }, 202, /It sends that Mast 1 sees nobody now/],
    [{ name: 'Pixels', device: 'cam-3' }, 202, /It sends that Mast 3 sees nobody now/],
    [{ name: 'Gate', device: 'gate-1' }, 202, /It sends that nobody has passed Gate 1/],
    [{ name: 'Lift', device: 'lift-3' }, 202, /It sends a value of Lift 3/],
    [{ name: 'Any' }, 202, /Put the id of your own device for cam-1/],
    [{ name: 'City platform', purpose: 'read' }, 200, /It reads how many people are where in City park/],
  ]) {
    await room.page.click('[data-add]');
    await make(room, wanted);
    const line = await lineOf(room);
    check(line.includes(`${muster.url}/api/v1/`), `the line leads here: ${line}`);
    const answer = await runInShell(line);
    equal(answer.status, status, `${line} answered ${answer.text}`);
    equal((JSON.parse(answer.text).errors ?? []).length, 0, `faults of ${line}: ${answer.text}`);
    await room.reads('.to-copy .item-hint', says);
    await room.page.click('[data-kept]');
  }
  equal((await living(admin)).map(({ name, purpose, device }) => [name, purpose, device ?? null]).sort(), [
    ['Any', 'send', null], ['City platform', 'read', null], ['Gate', 'send', 'gate-1'], ['Lift', 'send', 'lift-3'], ['Metres', 'send', 'cam-1'], ['Pixels', 'send', 'cam-3'],
  ], 'the tokens');
  await room.page.click('[data-again]');
  await room.reads(`${row('City platform')} .item-state`, /Last used \d/);

  await muster.withToken((await makeToken(admin)).token).post('/api/v1/detections', crowd('cam-1', 7), 202);
  await room.page.reload();
  await room.page.click('[data-add]');
  await make(room, { name: 'Another', device: 'cam-1' });
  await room.reads('.to-copy .item-hint', /Mast 1 sees nobody now: it is heard already/);
  await room.page.click('[data-kept]');
  await room.page.click('[data-add]');
  await make(room, { name: 'Any other' });
  await room.reads('.to-copy .item-hint', /Mast 2 sees nobody now\. Put the id of your own device for cam-2/);
  room.hasNoComplaints();
});

scenario('a token and its line are copied, with the browser\'s clipboard and without', async (t) => {
  const { browser, muster } = await open(t);
  const room = await enter(browser, muster, OLGA, '/tokens/demo', { permissions: ['clipboard-read', 'clipboard-write'] });
  await room.page.click('[data-add]');
  await make(room, { name: 'Gateway' });
  const pasted = () => room.page.evaluate(() => navigator.clipboard.readText());
  await room.page.click('.to-copy:nth-of-type(1) button');
  await room.reads('.to-copy:nth-of-type(1) [role=status]', /^Copied$/);
  equal(await pasted(), await secretOf(room), 'what was copied');
  await room.page.evaluate(() => { navigator.clipboard.writeText = () => Promise.reject(new Error('not over plain http')); });
  await room.page.click('.to-copy:nth-of-type(2) button');
  await room.reads('.to-copy:nth-of-type(2) [role=status]', /^Copied$/);
  equal(await pasted(), await lineOf(room), 'what was copied by selecting it');
  await room.page.evaluate(() => { document.execCommand = () => false; });
  await room.page.click('.to-copy:nth-of-type(1) button');
  await room.reads('.to-copy:nth-of-type(1) [role=status]', /copy it by hand/);
  equal(await room.page.evaluate(() => getSelection().toString()), await secretOf(room), 'what is selected');
  room.hasNoComplaints();
});

scenario('what is refused is said at its field, and a server that is away costs nothing that was typed', async (t) => {
  const { browser, muster, admin } = await open(t);
  const room = await enter(browser, muster, OLGA, '/tokens/demo');
  await room.page.click('[data-add]');
  await room.page.selectOption('[name=device]', 'cam-2');
  await room.page.fill('.listing-add [name=name]', 'ä'.repeat(150));
  await room.page.click('.listing-add [type=submit]');
  await room.reads('.item-field .trouble:not(.is-empty)', /200/);
  await hasFocus(room, '[name=name]');
  await room.isAccessible('the form with its refusal');
  await room.page.fill('.listing-add [name=name]', 'North mast');
  // It is made, and the answer is lost.
  await room.page.route('**/api/v1/events/demo/tokens', async (route) => {
    if (route.request().method() !== 'POST') { await route.continue(); return; }
    await route.fetch();
    await route.abort('connectionfailed');
  });
  await room.page.click('.listing-add [type=submit]');
  await room.reads('.listing-add form > .trouble:not(.is-empty)', /does not answer/);
  equal([await room.page.inputValue('.listing-add [name=name]'), await room.page.inputValue('[name=device]')], ['North mast', 'cam-2'], 'what was typed');
  await room.page.unroute('**/api/v1/events/demo/tokens');
  await room.page.click('.listing-add [type=submit]');
  await room.see('.shown-once');
  await muster.withToken(await secretOf(room)).post('/api/v1/detections', crowd('cam-2', 3), 202);
  equal((await living(admin)).map(({ name }) => name), ['North mast'], 'made once');
  forgive(room, [422]);
  room.hasNoComplaints();
});

scenario('what somebody else has revoked is as revoked as wanted, and who may not organise sees nothing', async (t) => {
  const { browser, muster, admin } = await open(t);
  const { id } = await makeToken(admin);
  await admin.post('/api/v1/people', { email: 'carl@example.org', name: 'Carl Control', password: 'Geisterbahn-bei-Nacht' });
  await admin.put(`${EVENT}/members/carl@example.org`, { roles: ['control', 'crew'] });
  const room = await Room.open(browser, muster.url);
  await room.signIn(OLGA, '/control/demo');
  await room.page.click('.menu summary');
  await room.page.click('.menu >> text=Tokens of devices and programs');
  await room.page.click(`${row('scenario')} [data-revoke]`);
  await admin.delete(`${TOKENS}/${id}`);
  await room.page.click('[data-yes][aria-disabled=false]');
  await room.reads('.listing-done', /is revoked/);
  forgive(room, [404]);
  room.hasNoComplaints();
  const carl = await Room.open(browser, muster.url);
  await carl.signIn({ email: 'carl@example.org', password: 'Geisterbahn-bei-Nacht' }, '/devices/demo/park');
  await carl.see('[data-device=cam-1]');
  equal(await carl.page.locator('a[href^="/tokens"]').count(), 0, 'links for who may not');
  await carl.page.goto(`${muster.url}/tokens/demo`);
  await carl.reads('[role=alert]', /Only an organiser/);
  carl.hasNoComplaints();
});

scenario('among many a token is found by its device', async (t) => {
  const { browser, muster, admin } = await open(t);
  for (let i = 1; i <= 9; i += 1) await admin.post(TOKENS, { name: `Box ${i}`, ...(i === 4 ? { device: 'lift-3' } : {}) });
  const room = await enter(browser, muster, OLGA, '/tokens/demo');
  await room.page.fill('#tokens-find', 'Lift 3');
  await room.page.waitForSelector(row('Box 1'), { state: 'detached' });
  await room.see(row('Box 4'));
  await room.reads('#tokens-title', /^1 token$/);
  await room.page.fill('#tokens-find', 'nothing');
  await room.reads('main', /None of this name or device/);
  room.hasNoComplaints();
});

scenario('on a phone and on a desk, by night and in the sun, everything is in reach', async (t) => {
  const { browser, muster, admin } = await open(t);
  const { id } = await admin.post(TOKENS, { name: 'The old camera at the northern entrance, before it was stolen', device: 'cam-2' });
  await admin.delete(`${TOKENS}/${id}`);
  await makeToken(admin, 'cam-1');
  for (const [viewport, look] of [[{ width: 360, height: 740 }, 'night'], [SMALL, 'bright'], [DESK, 'night'], [DESK, 'bright']]) {
    const isPhone = viewport !== DESK;
    const room = await enter(browser, muster, ADMIN, '/tokens/demo', { viewport, look, hasTouch: isPhone, isMobile: isPhone });
    const stands = async (what) => {
      await room.fitsTheScreen(`${what} ${look}`);
      await room.isAccessible(`${what} ${look}`);
      const small = await room.page.evaluate(() => [...document.querySelectorAll('main :is(button, select, input:not([type=radio]), .item-boxes label)')]
        .filter((element) => element.offsetParent !== null && element.getBoundingClientRect().height < 44).map((element) => element.textContent));
      equal(small, [], `targets that are too small for a cold finger, ${what}`);
    };
    await room.page.click('[data-add]');
    await room.page.click(`${row('scenario')} [data-revoke]`);
    await room.see('[data-yes][aria-disabled=false]');
    await stands('the form');
    await make(room, { name: `${viewport.width} ${look}`, device: 'lift-3' });
    await stands('the token');
    await room.page.goto(`${muster.url}/devices/demo/park`);
    await room.page.waitForFunction(() => [...document.querySelectorAll('[data-health=never]')].some((device) => device.querySelector('.device-connect')));
    await stands('the devices');
    room.hasNoComplaints();
  }
});

scenario('a token is made, copied and revoked by keyboard alone', async (t) => {
  const { browser, muster, admin } = await open(t);
  const room = await enter(browser, muster, OLGA, '/tokens/demo');
  const { keyboard } = room.page;
  const focused = () => room.page.evaluate(() => (document.activeElement.getAttribute('aria-label') ?? document.activeElement.name ?? document.activeElement.textContent).trim());
  const text = () => room.page.evaluate(() => document.activeElement.textContent.trim());
  const tabTo = async (pattern, of = text) => {
    for (let i = 0; i < 40 && !pattern.test(await of()); i += 1) await keyboard.press('Tab');
    check(pattern.test(await of()), `Tab never came to ${pattern}`);
  };
  await tabTo(/^Make a token$/);
  await keyboard.press('Enter');
  await tabTo(/^purpose$/, focused);
  await keyboard.press('ArrowDown');
  await tabTo(/^name$/, focused);
  await keyboard.type('City platform');
  await keyboard.press('Enter');
  await hasFocus(room, '.shown-once h3');
  const city = muster.withToken(await secretOf(room));
  await city.get(`${EVENT}/venues/park/crowd`);
  await keyboard.press('Tab');
  await hasFocus(room, '.to-copy:nth-of-type(1) button');
  await keyboard.press('Enter');
  await room.reads('.to-copy:nth-of-type(1) [role=status]', /./);
  await tabTo(/^I have kept it$/);
  await keyboard.press('Enter');
  await hasFocus(room, '[data-add]');
  await tabTo(/^Revoke….*City platform$/);
  await keyboard.press('Enter');
  await hasFocus(room, '.item-asked button');
  await keyboard.press('Escape');
  await hasFocus(room, '[data-revoke]');
  await keyboard.press('Enter');
  await room.see('[data-yes][aria-disabled=false]');
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  await room.reads('.listing-done', /is revoked/);
  await city.get(`${EVENT}/venues/park/crowd`, 401);
  equal((await living(admin)).length, 0, 'tokens that live');
  room.hasNoComplaints();
});

await playAll();
