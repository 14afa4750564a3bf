// Opens one page of a report at the width of a phone and of a desk and prints it: node look.mjs PAGE OUT_PREFIX
// Fails on a message in the console, a request, or anything that sticks out sideways.
import { createRequire } from 'node:module';

const { chromium } = createRequire(process.env.LOOK_MODULES + '/')('playwright-core');
const [page_file, out] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.LOOK_BROWSER,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync'],
});
let wrong = 0;
for (const [label, width, height] of [['phone', 390, 844], ['desk', 1280, 900]]) {
  const page = await browser.newPage({ viewport: { width, height } });
  const said = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  page.on('request', (request) => {
    if (request.url() !== 'file://' + page_file && request.url() !== 'data:,') said.push('request: ' + request.url());
  });
  await page.goto('file://' + page_file);
  const found = await page.evaluate(() => {
    const root = document.documentElement;
    const out = [...document.querySelectorAll('body *')].filter((element) => {
      const box = element.getBoundingClientRect();
      return box.width > 0 && box.right > root.clientWidth + 0.5 && !element.closest('thead');
    });
    return {
      sideways: root.scrollWidth - root.clientWidth,
      out: out.slice(0, 5).map((element) => element.tagName + ': ' + (element.textContent ?? '').slice(0, 60)),
      height: root.scrollHeight,
    };
  });
  if (found.sideways > 0) said.push('scrolls sideways by ' + found.sideways);
  said.push(...found.out.map((text) => 'sticks out: ' + text));
  for (let y = 0, part = 0; y < Math.min(found.height, 20000); y += 4000, part += 1) {
    const clip = { x: 0, y, width, height: Math.min(4000, found.height - y) };
    await page.screenshot({ path: `${out}-${label}-${part}.png`, fullPage: true, clip });
  }
  if (label === 'desk') await page.pdf({ path: `${out}-print.pdf`, format: 'A4', preferCSSPageSize: true });
  console.log(`${out} ${label}: ${found.height} pixels high, ${said.length} complaints`);
  for (const line of said) console.log('  ' + line);
  wrong += said.length;
  await page.close();
}
await browser.close();
process.exit(wrong ? 1 : 0);
