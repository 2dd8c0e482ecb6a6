// Draws dashboards: node draw.mjs --prometheus URL --boards DIR --into DIR --chromium FILE [--from T]
// [--to T] [--width N] [--top N] [--theme light] [--only UID,...] [--var name=value ...]
// --top N also writes the first N pixels of each as NAME-top.png: what a screen shows at once.
// With --serve it only says where to look: ADDRESS/?board=UID&from=...&var-account=...
// Says for each board how many queries it asked, which failed and which found nothing.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { chromium } from 'playwright-core';
import sharp from 'sharp';

const GRID = 38; // height of a grid unit and the gap below it
const TOP = 120; // controls, at most two lines of them
const MOST = 300_000; // bytes of a picture
const QUIET = 1500; // milliseconds without a query: all is drawn

const { values: wanted } = parseArgs({
  options: {
    prometheus: { type: 'string', default: 'http://127.0.0.1:9090' },
    boards: { type: 'string' },
    into: { type: 'string' },
    chromium: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    width: { type: 'string', default: '1600' },
    top: { type: 'string' },
    theme: { type: 'string', default: 'dark' },
    only: { type: 'string' },
    var: { type: 'string', multiple: true, default: [] },
    serve: { type: 'boolean', default: false },
  },
});

const PAGE = `<!doctype html><meta charset="utf-8"><title>Preview</title><link rel="stylesheet" href="/page.css">
<style>html, body, #root { height: 100%; margin: 0 }</style><div id="root"></div>
<script>window.__grafana_public_path__ = '/public/'; window.grafanaBootData = {
  settings: { featureToggles: {}, buildInfo: { version: '12.4.0', env: 'production', edition: 'Open Source' },
    licenseInfo: {}, datasources: {}, panels: {}, apps: {} },
  user: { timezone: 'utc', locale: 'en-GB', language: 'en-US', orgRole: 'Viewer', permissions: {} }, navTree: [] };</script>
<script type="module" src="/page.js"></script>`;
const KINDS = { '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

const root = import.meta.dirname;

function file(url) {
  const [, folder, rest] = /^\/(boards|public)\/(.*)$/.exec(url) ?? [];
  if (folder === 'boards') {
    return path.join(wanted.boards, rest);
  }
  const drawing = /img\/.*$/.exec(rest ?? '')?.[0];
  return drawing ? path.join(root, 'node_modules/@grafana/ui/dist/public', drawing) : path.join(root, 'dist', url);
}

async function answer(request, response) {
  const url = request.url.split('?')[0];
  if (url === '/') {
    return response.end(PAGE);
  }
  if (url.startsWith('/prometheus/')) {
    const got = await fetch(wanted.prometheus + request.url.slice('/prometheus'.length));
    response.writeHead(got.status, { 'Content-Type': 'application/json' });
    return response.end(Buffer.from(await got.arrayBuffer()));
  }
  const found = file(url);
  if (!fs.existsSync(found) || !fs.statSync(found).isFile()) {
    return response.writeHead(404).end();
  }
  response.writeHead(200, { 'Content-Type': KINDS[path.extname(found)] ?? 'application/octet-stream' });
  return fs.createReadStream(found).pipe(response);
}

async function quiet(page) {
  let [asked, since] = [0, Date.now()];
  const end = Date.now() + 60_000;
  while (Date.now() < end && Date.now() - since < QUIET) {
    await page.waitForTimeout(200);
    const now = await page.evaluate(() => window.report.asked + 1e6 * window.report.pending);
    if (now !== asked || now === 0) {
      [asked, since] = [now, Date.now()];
    }
  }
}

// Times are Unix seconds, ISO 8601, or relative as Grafana has them (now-6h).
function moment(text) {
  return /^\d+$/.test(text) ? new Date(Number(text) * 1000).toISOString() : text;
}

function size(board) {
  const ends = board.panels.filter(({ collapsed }) => !collapsed).map(({ gridPos }) => gridPos.y + gridPos.h);
  return { width: Number(wanted.width), height: TOP + GRID * Math.max(...ends) };
}

async function picture(shot, target) {
  for (const colours of [256, 128, 64, 32]) {
    const small = await sharp(shot).png({ palette: true, colours, effort: 10, compressionLevel: 9 }).toBuffer();
    fs.writeFileSync(target, small);
    if (small.length < MOST) {
      return small.length;
    }
  }
  throw new Error(`${target} is larger than ${MOST} bytes`);
}

async function draw(browser, address, uid) {
  const board = JSON.parse(fs.readFileSync(path.join(wanted.boards, `${uid}.json`)));
  const page = await browser.newPage({ viewport: size(board) });
  const chosen = { board: uid, theme: wanted.theme, ...(wanted.from && { from: moment(wanted.from) }), ...(wanted.to && { to: moment(wanted.to) }) };
  if (chosen.to && !chosen.to.startsWith('now')) {
    await page.clock.setFixedTime(chosen.to); // what was an hour ago then still is
  }
  const variables = wanted.var.map((one) => [`var-${one.split('=')[0]}`, one.split('=').slice(1).join('=')]);
  await page.goto(`${address}/?${new URLSearchParams([...Object.entries(chosen), ...variables])}`);
  await quiet(page);
  const { report, errors } = await page.evaluate(() => ({ report: window.report, errors: window.errors }));
  const shot = await page.screenshot();
  const name = path.join(wanted.into, uid.replace('smsc-', 'dashboard-'));
  const bytes = await picture(shot, `${name}.png`);
  if (wanted.top) {
    await picture(await sharp(shot).extract({ left: 0, top: 0, width: Number(wanted.width), height: Number(wanted.top) }).png().toBuffer(), `${name}-top.png`);
  }
  await page.close();
  console.log(`${uid}: ${report.asked} queries, ${report.failed.length} failed, ${report.empty.length} empty, ${bytes} bytes`);
  [...report.failed.map((text) => `  failed: ${text}`), ...report.empty.map((text) => `  empty: ${text}`), ...errors.map((text) => `  error: ${text}`)].forEach((line) => console.log(line));
  return report.failed.length + errors.length;
}

async function drawAll(address) {
  const browser = await chromium.launch({ executablePath: wanted.chromium, args: FLAGS });
  const there = fs.readdirSync(wanted.boards).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
  fs.mkdirSync(wanted.into, { recursive: true });
  for (const uid of wanted.only?.split(',') ?? there.sort()) {
    process.exitCode ||= (await draw(browser, address, uid)) ? 1 : 0;
  }
  await browser.close();
}

const server = http.createServer((request, response) => answer(request, response).catch(() => response.writeHead(502).end()));
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
if (wanted.serve) {
  console.log(`http://127.0.0.1:${server.address().port}`);
} else {
  await drawAll(`http://127.0.0.1:${server.address().port}`);
  server.close();
}
