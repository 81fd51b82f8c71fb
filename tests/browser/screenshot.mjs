// SPDX-License-Identifier: Apache-2.0
// Makes docs/control-room.png, the picture of the README, from a running demo.
//   node tests/browser/screenshot.mjs http://127.0.0.1:8080 EMAIL PASSWORD [FILE] [night|bright] [WIDTHxHEIGHT]
import { createRequire } from 'node:module';

const [address, email, password, file = 'docs/control-room.png', look = 'night', size = '1440x900'] = process.argv.slice(2);
if (!password) {
  console.error('usage: node tests/browser/screenshot.mjs ADDRESS EMAIL PASSWORD [FILE] [night|bright] [WIDTHxHEIGHT]');
  process.exit(2);
}
const { chromium } = createRequire(new URL('../../web/package.json', import.meta.url))('playwright-core');
const [width, height] = size.split('x').map(Number);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  const context = await browser.newContext({ viewport: { width, height }, locale: 'en-GB', reducedMotion: 'reduce' });
  await context.addInitScript((value) => { try { localStorage.setItem('muster.look', value); } catch { /* a sandboxed frame */ } }, look);
  const page = await context.newPage();
  page.setDefaultTimeout(240000);
  await page.goto(address);
  await page.fill('#email', email);
  await page.fill('#password', password);
  await page.click('button[type=submit]');
  // The picture should tell something: people who come, an open alarm, and the history of its zone.
  const isThere = (selector) => page.waitForSelector(selector, { state: 'attached' });
  await isThere('.trend.is-rising');
  await isThere('.alarm[data-state=open] h3 button');
  await page.evaluate(() => document.querySelector('.alarm[data-state=open] h3 button').click());
  await isThere('.summary');
  await isThere('.acknowledge[aria-disabled=false]');
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: file });
  console.log(`${file}: ${width} x ${height}, ${look}`);
} finally {
  await browser.close();
}
