import { axeFindings } from './axe.ts';
import type { TourLanguage } from './guide.ts';
import type { Visitor } from './visitor.ts';

const wide = { width: 760, height: 560 };
/** WCAG 1.4.10 */
const narrow = { width: 320, height: 568 };

/** What each field must tell the browser that it is for (WCAG 1.3.5). All others are nothing to fill in by itself. */
const purposes: { readonly [name: string]: RegExp } = {
  login: /^username$/,
  password: /^(current|new)-password$/,
  repeat: /^new-password$/,
  code: /^one-time-code$/,
  number: /^tel$/,
};
/** Pages of the console that ask for the login of somebody else: a browser must not fill in one's own. */
const aboutOthers: readonly string[] = ['/one-login', '/campaigns'];

/** What scripts draw has sizes of their making; the content policy lets no page bring a style. */
const drawn = '.drawing, .drawing canvas';

interface Sight {
  readonly size: { readonly width: number; readonly height: number };
  readonly colorScheme: 'light' | 'dark';
}

export const sights = {
  smallAndLight: { size: narrow, colorScheme: 'light' },
  smallAndDark: { size: narrow, colorScheme: 'dark' },
  wideAndDark: { size: wide, colorScheme: 'dark' },
} as const;

export interface Eye {
  readonly language: TourLanguage;
  readonly direction: 'ltr' | 'rtl';
  readonly sights: readonly Sight[];
}

/** What was found wrong, page by page. */
export type Findings = string[];

/** Everything that is wrong with the page that a visitor has before them. @param titles those of the pages before */
export async function findingsOn(visitor: Visitor, eye: Eye, titles: Map<string, string>): Promise<Findings> {
  return [
    ...(await shapeFindings(visitor, eye)),
    ...(await titleFindings(visitor, titles)),
    ...(await fieldFindings(visitor)),
    ...(await focusFindings(visitor)),
    ...(await widthFindings(visitor)),
    ...(await sightFindings(visitor, eye)),
    ...visitor.complaints.splice(0),
  ];
}

async function shapeFindings(visitor: Visitor, eye: Eye): Promise<Findings> {
  const { page } = visitor;
  const html = page.locator('html');
  const headings = await page.locator('h1').count();
  return [
    ...differs('lang', await html.getAttribute('lang'), eye.language),
    ...differs('dir', await html.getAttribute('dir'), eye.direction),
    ...differs('h1', headings, 1),
    ...differs(
      'inline styles',
      await page.locator(`:is([style], style, main script:not([src])):not(${drawn})`).count(),
      0,
    ),
    ...differs(
      'untranslated keys',
      /\b[a-z-]+\.[a-z-]+\.[a-z-]+\b(?<!\.example)/.exec(await visitor.text())?.[0],
      undefined,
    ),
  ];
}

/** Pages with different headings have different titles, and one that has a problem says so first (WCAG 2.4.2). */
async function titleFindings(visitor: Visitor, titles: Map<string, string>): Promise<Findings> {
  const title = await visitor.page.title();
  const heading = await visitor.heading();
  const before = titles.get(title);
  titles.set(title, heading);
  const problem = (await visitor.problems()).split('\n')[0] ?? '';
  return [
    ...differs(`heading of “${title}”`, heading, before ?? heading),
    ...(title.includes(heading) && title.startsWith(problem) ? [] : [`title “${title}” for “${heading}” ${problem}`]),
  ];
}

async function fieldFindings(visitor: Visitor): Promise<Findings> {
  const fields = visitor.page.locator(
    'main input:not([type="hidden"]):not([type="radio"]):not([type="checkbox"]):not([hidden])',
  );
  const findings: Findings = [];
  for (const field of await fields.all()) {
    const name = (await field.getAttribute('name')) ?? '';
    const token = (await field.getAttribute('autocomplete')) ?? '';
    const isOther = name === 'login' && aboutOthers.includes(visitor.path);
    if (!((isOther ? undefined : purposes[name]) ?? /^off$/).test(token))
      findings.push(`the field ${name} has autocomplete="${token}"`);
    const invalid = (await field.getAttribute('aria-invalid')) === 'true';
    const described = (await field.getAttribute('aria-describedby')) ?? '';
    if (invalid && !described.includes(`${name}-why`)) findings.push(`${name} does not name its problem`);
  }
  return findings;
}

/** A page that has a problem has the focus on its summary, whose links lead to the fields. */
async function focusFindings({ page }: Visitor): Promise<Findings> {
  const summary = page.locator('.problem');
  if ((await summary.count()) === 0) return [];
  const findings: Findings = [];
  if (!(await summary.evaluate((element) => element.matches(':focus')))) findings.push('no focus on the problems');
  for (const link of await summary.locator('a').all()) {
    const target = (await link.getAttribute('href')) ?? '';
    if ((await page.locator(`main :is(input, select, textarea, fieldset)${target}`).count()) !== 1)
      findings.push(`a problem links to ${target}`);
  }
  return findings;
}

/** Nothing has to be scrolled sideways: on a small phone, at 200 %, and with text twice as large (WCAG 1.4.4, 1.4.10). */
async function widthFindings(visitor: Visitor): Promise<Findings> {
  const { page } = visitor;
  const findings: Findings = [];
  const overflow = async (what: string): Promise<void> => {
    const sideways = (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
    if (sideways > 0) findings.push(`${sideways} pixels too wide ${what}`);
  };
  await page.setViewportSize(narrow);
  await overflow('at 320 pixels');
  await page.setViewportSize({ width: 640, height: 480 });
  await overflow('at 200 % of 1280 pixels');
  await page.evaluate("document.documentElement.style.fontSize = '200%'");
  await overflow('with text of 200 %');
  await page.evaluate("document.documentElement.removeAttribute('style')");
  await page.setViewportSize(wide);
  return findings;
}

async function sightFindings({ page }: Visitor, eye: Eye): Promise<Findings> {
  const findings: Findings = [];
  for (const { size, colorScheme } of eye.sights) {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme });
    findings.push(...(await axeFindings(page)).map((finding) => `${finding} (${colorScheme})`));
  }
  await page.emulateMedia({ colorScheme: 'light' });
  return findings;
}

function differs(what: string, found: unknown, wanted: unknown): Findings {
  return found === wanted ? [] : [`${what} is ${found}, not ${wanted}`];
}
