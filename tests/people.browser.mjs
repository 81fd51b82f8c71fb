// SPDX-License-Identifier: Apache-2.0
// Who is a member, with which roles: an organiser says so, an admin also creates who is new.
import { ADMIN, check, equal, playAll, scenario } from './scenario.mjs';
import { buildPark } from './park.mjs';
import { DESK, openBrowser, Room } from './browser/room.mjs';

const SMALL = { width: 360, height: 800 };
const MEMBERS = '/api/v1/events/demo/members';
const OLGA = { email: 'olga@example.org', name: 'Olga Organiser', password: 'Karussell-am-See' };
const BEN = { email: 'ben@example.org', name: 'Ben Beispiel', password: 'Riesenrad-am-Fluss' };

// The park, Olga who organises it, and Ben who is nothing there yet.
async function open(t) {
  const browser = await openBrowser(t);
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  for (const person of [OLGA, BEN]) await admin.post('/api/v1/people', person);
  await admin.put(`${MEMBERS}/${OLGA.email}`, { roles: ['organiser', 'control'] });
  return { browser, muster, admin };
}

async function enter(browser, muster, who, path, more = {}) {
  const room = await Room.open(browser, muster.url, more);
  await room.signIn(who, path);
  await room.see('.listing-items .item');
  return room;
}

const rolesOf = async (admin, email) => (await admin.get(MEMBERS)).items.find(({ person }) => person.email === email)?.roles ?? null;
const row = (email) => `[data-person="${email}"]`;

async function addByAddress(room, email) {
  await room.page.fill('[aria-label="Add a member"] [name=email]', email);
  await room.page.click('[aria-label="Add a member"] [type=submit]');
}

// One goes on in the field of this name.
const goesOnIn = (room, name) => room.page.waitForFunction((wanted) => document.activeElement?.getAttribute('name') === wanted, name);

// The name of what has the focus at the moment at which `selector` appears, before anything is painted.
const focusWhenItAppears = (room, selector) => room.page.evaluate((wanted) => {
  window.focusThen = new Promise((tell) => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector(wanted)) return;
      observer.disconnect();
      tell(document.activeElement.textContent);
    }).observe(document.body, { childList: true, subtree: true });
  });
}, selector);

// What Chromium says of an answer that refuses, which these scenarios ask for.
const forgive = (room, statuses) => { room.complaints = room.complaints.filter((line) => !statuses.some((status) => line.includes(`status of ${status}`))); };

scenario('an organiser adds somebody by address, changes the roles, and removes them', async (t) => {
  const { browser, muster, admin } = await open(t);
  const room = await Room.open(browser, muster.url);
  await room.signIn(OLGA);
  await room.page.click('.sections >> text=People');
  await room.page.click('[data-add]');
  await addByAddress(room, 'BEN@example.org');
  await room.reads('.listing-done', /Ben Beispiel is a member now: Control room/);
  equal(await rolesOf(admin, BEN.email), ['control'], "Ben's roles");
  await room.page.click(`${row(BEN.email)} > button`);
  await room.page.check(`${row(BEN.email)} [name=door]`);
  await room.page.uncheck(`${row(BEN.email)} [name=control]`);
  await room.page.click(`${row(BEN.email)} [type=submit]`);
  await room.reads(`${row(BEN.email)} .item-state`, /Door/);
  equal(await rolesOf(admin, BEN.email), ['door'], "Ben's roles after the change");
  await room.page.click(`${row(BEN.email)} > button`);
  await focusWhenItAppears(room, '.item-asked');
  await room.page.click(`${row(BEN.email)} [data-remove]`);
  await room.reads('.item-asked', /Remove Ben Beispiel from this event/);
  equal(await room.page.evaluate(() => window.focusThen), 'Keep', 'what a key pressed at once would have pressed');
  await room.page.keyboard.press('Enter');
  await room.page.waitForSelector('.item-asked', { state: 'detached' });
  equal(await rolesOf(admin, BEN.email), ['door'], 'Ben is kept by a second tap that was none');
  await room.page.click(`${row(BEN.email)} [data-remove]`);
  await room.page.click('[data-yes][aria-disabled=false]');
  await room.page.waitForSelector(row(BEN.email), { state: 'detached' });
  equal(await rolesOf(admin, BEN.email), null, "Ben's roles at the end");
  room.hasNoComplaints();
});

scenario('who is nobody yet, or a member already, is said at the address, and nothing changes', async (t) => {
  const { browser, muster, admin } = await open(t);
  const room = await enter(browser, muster, OLGA, '/people/demo');
  await room.page.click('[data-add]');
  await addByAddress(room, 'nobody@example.org');
  await room.reads('.listing-add .trouble:not(.is-empty)', /Nobody with this address.*ask an admin/);
  await goesOnIn(room, 'email');
  equal(await room.page.inputValue('.listing-add [name=email]'), 'nobody@example.org', 'the address');
  await room.page.uncheck('.listing-add [name=control]');
  await room.page.check('.listing-add [name=door]');
  await addByAddress(room, OLGA.email.toUpperCase());
  await room.reads('.listing-add .trouble:not(.is-empty)', /Olga Organiser is a member already: Organiser, Control room/);
  equal(await rolesOf(admin, OLGA.email), ['organiser', 'control'], "Olga's roles");
  await room.isAccessible('the form with its refusal');
  forgive(room, [404]);
  room.hasNoComplaints();
});

scenario('an organiser cannot lock themselves out', async (t) => {
  const { browser, muster, admin } = await open(t);
  const room = await enter(browser, muster, OLGA, '/people/demo');
  await room.page.click(`${row(OLGA.email)} > button`);
  check(await room.page.isDisabled(`${row(OLGA.email)} [name=organiser]`), 'the own role of an organiser is fixed');
  await room.reads(`${row(OLGA.email)} .item-boxes`, /Another organiser or an admin can take it/);
  equal(await room.page.locator(`${row(OLGA.email)} [data-remove]`).count(), 0, 'ways to remove oneself');
  await room.page.uncheck(`${row(OLGA.email)} [name=control]`);
  await room.page.click(`${row(OLGA.email)} [type=submit]`);
  await room.reads('.listing-done', /Olga Organiser is now: Organiser\./);
  equal(await rolesOf(admin, OLGA.email), ['organiser'], "Olga's roles");
  await room.page.click(`${row(ADMIN.email)} > button`);
  await room.page.uncheck(`${row(ADMIN.email)} [name=organiser]`);
  await room.page.click(`${row(ADMIN.email)} [type=submit]`);
  await room.reads(`${row(ADMIN.email)} .trouble:not(.is-empty)`, /at least one role/);
  equal(await rolesOf(admin, ADMIN.email), ['organiser'], 'nothing was sent');
  room.hasNoComplaints();
});

scenario('an admin creates who is new with a first password; a refused one costs nothing that was typed', async (t) => {
  const { browser, muster, admin } = await open(t);
  const room = await enter(browser, muster, ADMIN, '/people/demo');
  await room.page.click('[data-add]');
  await room.page.check('.listing-add [name=crew]');
  await addByAddress(room, 'nina@example.org');
  await room.see('.listing-add [name=password]');
  await goesOnIn(room, 'name');
  await room.page.keyboard.type('Nina Neu');
  await room.page.fill('.listing-add [name=password]', 'password');
  await room.page.keyboard.press('Enter');
  await room.reads('.listing-add .trouble:not(.is-empty)', /take another/);
  await goesOnIn(room, 'password');
  equal(await room.page.inputValue('.listing-add [name=name]'), 'Nina Neu', 'the name');
  await room.page.fill('.listing-add [name=password]', 'Geisterbahn-bei-Nacht');
  await room.page.keyboard.press('Enter');
  await room.reads('.listing-done', /Nina Neu is a member now: Control room, Crew/);
  equal(await rolesOf(admin, 'nina@example.org'), ['control', 'crew'], "Nina's roles");
  const nina = await Room.open(browser, muster.url);
  await nina.signIn({ email: 'nina@example.org', password: 'Geisterbahn-bei-Nacht' }, '/people/demo');
  await nina.reads('[role=alert]', /Only an organiser/);
  equal(await nina.page.locator('.sections >> text=People').count(), 0, 'links for who may not');
  nina.hasNoComplaints();
  forgive(room, [404, 422]);
  room.hasNoComplaints();
});

scenario('a server that is away costs nothing that was typed, and the same again is enough', async (t) => {
  const { browser, muster, admin } = await open(t);
  const room = await enter(browser, muster, OLGA, '/people/demo');
  await room.page.click('[data-add]');
  await room.page.check('.listing-add [name=guest]');
  await room.page.route('**/api/v1/events/demo/members/**', (route) => route.abort('connectionfailed'));
  await addByAddress(room, BEN.email);
  await room.reads('.listing-add form > .trouble:not(.is-empty)', /does not answer/);
  equal(await room.page.inputValue('.listing-add [name=email]'), BEN.email, 'the address');
  await room.page.unroute('**/api/v1/events/demo/members/**');
  await room.page.click('.listing-add [type=submit]');
  await room.reads('.listing-done', /Ben Beispiel is a member now/);
  equal(await rolesOf(admin, BEN.email), ['control', 'guest'], "Ben's roles");
  room.hasNoComplaints();
});

scenario('an admin sees everybody, gives a new password, and says who may no longer sign in', async (t) => {
  const { browser, muster } = await open(t);
  const room = await enter(browser, muster, ADMIN, '/people');
  await room.page.fill('#people-find', 'ben@');
  await room.page.waitForSelector(row(OLGA.email), { state: 'detached' });
  await room.page.click(`${row(BEN.email)} > button`);
  await room.page.click('[data-password]');
  await room.page.click('[data-yes][aria-disabled=false]');
  const password = await (await room.see('.item-secret output')).textContent();
  await muster.signIn({ email: BEN.email, password });
  await room.page.evaluate(async () => { // a finger that taps twice
    document.querySelector('[data-disable]').click();
    while (!document.querySelector('[data-yes]')) await new Promise(requestAnimationFrame);
    document.querySelector('[data-yes]').click();
  });
  await room.page.waitForSelector('[data-yes][aria-disabled=false]');
  equal(await room.text(`${row(BEN.email)} .item-state`), '', 'a second tap that came too early');
  await room.page.click('[data-yes]');
  await room.reads(`${row(BEN.email)} .item-state`, /May not sign in/);
  await muster.client().expect('POST', '/api/v1/session', { email: BEN.email, password }, 403);
  await room.page.click(`${row(BEN.email)} >> text=Let sign in again`);
  await room.reads('.listing-done', /may sign in again/);
  await muster.signIn({ email: BEN.email, password });
  await room.page.fill('#people-find', ADMIN.email);
  await room.page.click(`${row(ADMIN.email)} > button`);
  equal(await room.page.locator(':is([data-password], [data-disable])').count(), 0, 'ways to lock oneself out');
  room.hasNoComplaints();
});

scenario('on a phone and on a desk, by night and in the sun, everything is in reach', async (t) => {
  const { browser, muster, admin } = await open(t);
  await admin.put(`${MEMBERS}/${BEN.email}`, { roles: ['control', 'crew', 'door', 'guest'] });
  for (const [viewport, look] of [[SMALL, 'night'], [SMALL, 'bright'], [DESK, 'night']]) {
    const room = await enter(browser, muster, ADMIN, '/people/demo', { viewport, look, hasTouch: viewport === SMALL, isMobile: viewport === SMALL });
    for (const path of ['/people/demo', '/people']) {
      await room.page.goto(muster.url + path);
      await room.see(row(BEN.email));
      await room.page.click('[data-add]');
      await room.page.click(`${row(BEN.email)} > button`);
      await room.page.click(`${row(BEN.email)} .item-danger`);
      await room.see('[data-yes][aria-disabled=false]');
      await room.fitsTheScreen(`${path} ${look}`);
      await room.isAccessible(`${path} ${look}`);
      const small = await room.page.evaluate(() => [...document.querySelectorAll('main :is(button, input:not([type=checkbox]), .item-boxes label)')]
        .filter((element) => element.offsetParent !== null && element.getBoundingClientRect().height < 44).map((element) => element.textContent));
      equal(small, [], `targets that are too small for a cold finger, ${path}`);
    }
    room.hasNoComplaints();
  }
});

scenario('a member is added and changed by keyboard alone', async (t) => {
  const { browser, muster, admin } = await open(t);
  const room = await enter(browser, muster, OLGA, '/people/demo');
  const { keyboard } = room.page;
  const focused = () => room.page.evaluate(() => (document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent).trim());
  const tabTo = async (pattern) => {
    for (let i = 0; i < 40 && !pattern.test(await focused()); i += 1) await keyboard.press('Tab');
    check(pattern.test(await focused()), `Tab never came to ${pattern}`);
  };
  await tabTo(/^Add a member$/);
  await keyboard.press('Enter');
  await keyboard.press('Tab');
  await keyboard.type(BEN.email);
  await keyboard.press('Enter');
  await room.reads('.listing-done', /Ben Beispiel is a member now/);
  await room.see(row(BEN.email));
  await tabTo(/^Change Ben/);
  await keyboard.press('Enter');
  await room.see(`${row(BEN.email)} form`);
  await keyboard.press('Tab'); // the first role
  await keyboard.press('Space');
  await keyboard.press('Enter');
  await room.reads(`${row(BEN.email)} .item-state`, /Organiser, Control room/);
  equal(await rolesOf(admin, BEN.email), ['organiser', 'control'], "Ben's roles");
  await room.page.waitForFunction((where) => document.activeElement === document.querySelector(where), `${row(BEN.email)} > button`);
  room.hasNoComplaints();
});

await playAll();
