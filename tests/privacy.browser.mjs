// SPDX-License-Identifier: Apache-2.0
// Whoever is counted can read what is stored and until when, without an account.
import { ADMIN, check, equal, playAll, scenario } from './scenario.mjs';
import { buildPark } from './park.mjs';
import { openBrowser, PHONE, Room } from './browser/room.mjs';

scenario('a visitor reads on a phone what is stored and until when', async (t) => {
  const browser = await openBrowser(t);
  const muster = await t.muster({ flags: ['--keep-tracks', '90min'] });
  for (const look of ['night', 'bright']) {
    const room = await Room.open(browser, muster.url, { look, viewport: PHONE });
    await room.page.goto(muster.url);
    await room.see('#email');
    await room.page.click('text=What is stored');
    await room.reads('.privacy', /Where single people walked.*90 minutes and 10 seconds after/s);
    await room.reads('.privacy', /Camera pictures.*not stored/is);
    equal(new URL(room.page.url()).pathname, '/privacy', 'the address');
    await room.fitsTheScreen('the page on a phone');
    await room.isAccessible(`the page, ${look}`);
    const { kinds, notes } = await muster.client().get('/api/v1/privacy');
    equal(await room.page.locator('.stored').count(), kinds.length, 'kinds on the page');
    equal(await room.page.locator('.privacy-notes li').count(), notes.length, 'notes on the page');
    await room.page.reload();
    await room.see('.stored');
    room.hasNoComplaints();
  }
});

scenario('who is signed in finds it in the menu, and the way back', async (t) => {
  const browser = await openBrowser(t);
  const muster = await t.muster();
  await buildPark(await muster.signIn());
  const room = await Room.open(browser, muster.url);
  await room.signIn(ADMIN);
  await room.see('.zones');
  await room.page.click('.menu summary');
  await room.page.click('.menu >> text=What is stored');
  await room.see('.stored');
  await room.page.goBack();
  await room.see('.zones');
  check(!(await room.page.url()).includes('sign-in'), 'still signed in');
  room.hasNoComplaints();
});

await playAll();
