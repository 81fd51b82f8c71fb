// SPDX-License-Identifier: Apache-2.0
// What browser scenarios are written with: real Chromium, and pages that remember everything that a
// page must not do: errors, refusals by the Content-Security-Policy, requests to other servers.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import { check, equal, Skipped } from '../scenario.mjs';

const ofPages = createRequire(new URL('../../web/package.json', import.meta.url));
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
export const PHONE = { width: 360, height: 740 };
export const DESK = { width: 1440, height: 900 };
export const PATIENCE_MS = 20000;

// A browser that ends with the scenario.
export async function openBrowser(t) {
  if (!existsSync(CHROMIUM)) throw new Skipped(`there is no ${CHROMIUM}`);
  const { chromium } = ofPages('playwright-core');
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  t.endings.push(() => browser.close());
  return browser;
}

// What Chromium itself says about answers that a page expects: nobody is signed in yet, a series that
// nobody has written yet, and a server that is away on purpose.
const isExpected = (text, url) => (/status of 401/.test(text) && /\/api\/v1\/session$/.test(url))
  || (/status of 404/.test(text) && /\/api\/v1\/series\//.test(url))
  || /net::ERR_(CONNECTION|EMPTY|NETWORK|SOCKET|ADDRESS)|WebSocket connection to|status of 50[234]/.test(text);

export class Room {
  constructor(page, url) {
    this.page = page;
    this.url = url;
    this.complaints = [];
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      if (!isExpected(message.text(), message.location().url ?? '')) this.complaints.push(`${message.text()} ${message.location().url ?? ''}`);
    });
    page.on('pageerror', (error) => this.complaints.push(`uncaught: ${error.message}`));
    page.on('request', (request) => {
      if (!/^(data|blob|about):/.test(request.url()) && new URL(request.url()).host !== new URL(url).host)
        this.complaints.push(`a request to ${request.url()}`);
    });
  }

  // `look`: night or bright; `viewport`: PHONE or DESK.
  static async open(browser, url, { viewport = DESK, look = 'night', ...more } = {}) {
    const context = await browser.newContext({ viewport, reducedMotion: 'reduce', locale: 'en-GB', ...more });
    await context.addInitScript((value) => {
      try { localStorage.setItem('muster.look', value); } catch { /* a sandboxed frame has none */ }
    }, look);
    return new Room(await context.newPage(), url);
  }

  async signIn({ email, password }, path = '/') {
    await this.page.goto(this.url + path);
    await this.page.fill('#email', email);
    await this.page.fill('#password', password);
    await this.page.click('button[type=submit]');
    return this;
  }

  // What the server answers, changed on its way: `change(response)` says how. Whatever is asked when the scenario has
  // ended gets no answer.
  async changeAnswers(pattern, change) {
    await this.page.route(pattern, async (route) => {
      const response = await route.fetch().catch(() => null);
      const how = response && await change(response);
      await (response ? route.fulfill({ response, ...how }) : route.abort()).catch(() => {});
    });
  }

  see(selector) { return this.page.waitForSelector(selector); }
  text(selector) { return this.page.textContent(selector); }

  // Waits until the text of an element fits.
  async reads(selector, pattern) {
    try {
      await this.page.waitForFunction(([where, source]) => {
        const element = document.querySelector(where);
        return element !== null && new RegExp(source).test(element.textContent);
      }, [selector, pattern.source]);
    } catch (error) {
      const text = await this.page.evaluate((where) => document.querySelector(where)?.textContent ?? '(not there)', selector);
      throw new Error(`${selector} reads "${text}", not ${pattern}: ${error.message.split('\n')[0]}`);
    }
  }

  async fitsTheScreen(what) {
    const [wide, inner] = await this.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    check(wide <= inner, `${what} is ${wide} pixels wide on a screen of ${inner}`);
  }

  // axe-core, on everything that it knows of WCAG 2.2 AA; serious and critical findings are failures.
  async isAccessible(what) {
    // Through the debugger, which the page's policy does not bind.
    await this.page.evaluate(readFileSync(ofPages.resolve('axe-core/axe.min.js'), 'utf8'));
    const found = await this.page.evaluate(() => globalThis.axe.run(document, {
      iframes: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }));
    const bad = found.violations.filter((violation) => ['serious', 'critical'].includes(violation.impact))
      .map((violation) => `${violation.id} at ${violation.nodes.slice(0, 3).map((node) => `${node.target} (${node.any[0]?.message ?? ''})`).join(', ')}`);
    equal(bad, [], `axe-core on ${what}`);
  }

  hasNoComplaints() { equal(this.complaints, [], 'errors of the page'); }
}

// A cable between the browser and the server that can be cut, or go dead without a word, as radio
// does; and the server behind it may be another one afterwards.
export class Cable {
  async open(t, url) {
    this.plug(url);
    this.ends = new Set();
    this.server = net.createServer((near) => this.join(near));
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    t.endings.push(() => this.close());
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  plug(url) { this.port = Number(new URL(url).port); }

  join(near) {
    const far = net.connect(this.port, '127.0.0.1');
    for (const [from, to] of [[near, far], [far, near]]) {
      this.ends.add(from);
      from.on('data', (bytes) => { if (!this.isDead) to.write(bytes); });
      from.on('error', () => {});
      from.on('close', () => { this.ends.delete(from); if (!this.isDead) to.destroy(); });
    }
  }

  // Connections stay open, and nothing comes through any more.
  goDead() { this.isDead = true; }

  // Alive again for new connections; the dead ones are gone.
  mend() {
    this.isDead = false;
    for (const end of this.ends) end.destroy();
  }

  close() {
    for (const end of this.ends) end.destroy();
    this.server.close();
  }
}

// Cameras that send a frame five times a second, so that the picture stays fresh.
export class Cameras {
  constructor(t, client, frameOf) {
    this.people = new Map();
    this.trouble = null;
    const send = async () => {
      for (const [device, count] of this.people) {
        const answer = await client.ask('POST', '/api/v1/detections', frameOf(device, count));
        if (answer.status !== 202) this.trouble = `detections answered ${answer.status}: ${answer.text.slice(0, 200)}`;
      }
    };
    let isBusy = false;
    const timer = setInterval(() => {
      if (isBusy) return;
      isBusy = true;
      send().catch(() => {}).finally(() => { isBusy = false; });
    }, 200);
    t.endings.push(() => clearInterval(timer));
  }

  show(device, count) { this.people.set(device, count); }
  stop(device) { this.people.delete(device); }
}
