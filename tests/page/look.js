// look.js PAGE.html PICTURE.png CHROMIUM: opens a page as a browser does, without a network, and tells what axe-core finds, as JSON
'use strict';
const fs = require('fs');
const path = require('path');
const axe = require('axe-core');
const puppeteer = require('puppeteer-core');

async function main() {
  const [page, picture, chromium] = process.argv.slice(2);
  const browser = await puppeteer.launch({ executablePath: chromium, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
  try {
    const tab = await browser.newPage();
    const asked = [];
    const errors = [];
    tab.on('request', (r) => { if (!r.url().startsWith('file:') && !r.url().startsWith('data:')) asked.push(r.url()); });
    tab.on('console', (m) => { if (m.type() === 'error') errors.push(m.text()); });
    await tab.setViewport({ width: 1200, height: 900 });
    await tab.goto('file://' + path.resolve(page), { waitUntil: 'load' });
    await tab.screenshot({ path: picture, fullPage: true });
    await tab.evaluate(axe.source);
    const wide = await tab.evaluate(() => axe.run());
    await tab.setViewport({ width: 320, height: 800 });
    const narrow = await tab.evaluate(() => axe.run());
    const overflows = await tab.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    const facts = await tab.evaluate(() => ({
      lang: document.documentElement.lang,
      headings: [...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1])),
      drawings: document.querySelectorAll('svg').length,
      tables: document.querySelectorAll('table').length,
      scripts: document.querySelectorAll('script').length,
    }));
    const pdf = await tab.pdf({ format: 'A4' });
    fs.writeFileSync(picture.replace(/png$/, 'pdf'), pdf);
    const serious = [...wide.violations, ...narrow.violations].filter((v) => ['serious', 'critical'].includes(v.impact));
    console.log(JSON.stringify({ ...facts, asked, errors, overflows, passes: wide.passes.length,
      serious: serious.map((v) => [v.id, v.nodes.slice(0, 3).map((n) => n.html)]),
      other: wide.violations.filter((v) => !['serious', 'critical'].includes(v.impact)).map((v) => v.id) }));
  } finally {
    await browser.close();
  }
}
main().catch((e) => { console.error(e); process.exit(1); });
