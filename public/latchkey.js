// Makes pages more pleasant; none needs it. No state, no storage, no other host.

/** Kinds of character of which a complex password has three (MS-SAMR 3.1.1.7.2). */
const kinds = [/\p{Lu}/u, /\p{Ll}/u, /[0-9]/, /[~!@#$%^&*_\-+=`|\\(){}[\]:;"'<>,.?/€£]/, /[\p{Lo}\p{Lt}\p{Lm}]/u];

const problem = document.querySelector('[data-focus]');
if (problem) problem.focus();

// A form is sent once: the second press of a double click would come from a page that is over already.
document.addEventListener('submit', (event) => {
  if (event.target.dataset.sent === 'yes') event.preventDefault();
  event.target.dataset.sent = 'yes';
});
// But a page that the browser had kept, and shows again, is one that somebody came back to.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) for (const form of document.forms) delete form.dataset.sent;
});

// A call is proved at the phone: when it is, the page goes on by itself, as if Next had been pressed. A page without such
// a Next has something else to say.
const watched = document.querySelector('[data-watch]');
if (watched) watch(watched, 1500);

async function watch(form, pause) {
  await new Promise((resolve) => setTimeout(resolve, pause));
  try {
    const response = await fetch(form.dataset.watch, { headers: { accept: 'application/json' } });
    const { state } = await response.json();
    const next = form.querySelector('[data-next]');
    if (state === 'changed') return next ? form.requestSubmit(next) : location.reload();
  } catch {
    // The network may be back at the next look.
  }
  watch(form, Math.min(pause * 1.2, 5000));
}

const reload = document.querySelector('[data-reload]');
if (reload) setTimeout(() => location.reload(), Number(reload.dataset.reload) * 1000);

// The password's checklist, ticked while typing by the same rules as on the server; the server decides. What is typed
// stays here until Next is pressed.
const password = document.querySelector('[data-rules]');
if (password) {
  const names = JSON.parse(password.dataset.names);
  const list = document.getElementById(password.dataset.rules);
  const repeat = document.getElementById('repeat');
  const told = document.querySelector('[data-told]');
  const rules = [...list.querySelectorAll('[data-rule]')].filter(
    ({ dataset }) => isMet(dataset, 'x', names) !== undefined,
  );
  for (const rule of rules) rule.append(Object.assign(document.createElement('span'), { className: 'unseen' }));
  let timer;
  const look = () => {
    const typed = password.value;
    for (const rule of rules) {
      const met = typed !== '' && isMet(rule.dataset, typed, names);
      rule.classList.toggle('met', met);
      rule.lastChild.textContent = typed === '' ? '' : ` (${met ? list.dataset.met : list.dataset.unmet})`;
    }
    // Said once a person pauses: a reader that speaks at every key is no help.
    clearTimeout(timer);
    timer = setTimeout(() => {
      told.textContent = typed === '' ? '' : summary(told.dataset, rules, repeat.value && repeat.value === typed);
    }, 700);
  };
  password.addEventListener('input', look);
  repeat.addEventListener('input', look);
}

function summary({ progress, same, different }, rules, alike) {
  const met = rules.filter((rule) => rule.classList.contains('met')).length;
  const sofar = progress.replace('{met}', met).replace('{all}', rules.length);
  return alike === '' ? sofar : `${sofar} ${alike ? same : different}`;
}

function isMet({ rule, count }, typed, names) {
  if (rule === 'length') return typed.length >= Number(count) && typed.length <= 256;
  if (rule === 'name') return !names.some((name) => typed.toLowerCase().includes(name.toLowerCase()));
  if (rule === 'kinds') return kinds.filter((kind) => kind.test(typed)).length >= 3;
  return undefined;
}

const reveal = document.querySelector('[data-reveal]');
if (reveal) {
  const words = [reveal.textContent, reveal.dataset.reveal];
  const fields = document.querySelectorAll('input[type="password"]');
  reveal.hidden = false;
  reveal.addEventListener('click', () => {
    const shown = fields[0].type === 'text';
    for (const field of fields) field.type = shown ? 'password' : 'text';
    reveal.textContent = words[shown ? 0 : 1];
  });
  // What is sent as plain text may be kept by the browser among what was typed before.
  fields[0].form.addEventListener('submit', () => {
    for (const field of fields) field.type = 'password';
  });
}

// A page that is asked for a little work does it by itself, a piece at a time, so that everything else goes on.
const asked = document.querySelector('[data-puzzle]');
if (asked && globalThis.crypto?.subtle) prove(asked);

async function prove(notice) {
  const { puzzle, bits, working, ready } = notice.dataset;
  const state = notice.querySelector('[data-puzzle-state]');
  const form = document.querySelector('input[name="proof"]').form;
  let waiting = false;
  const hold = (event) => {
    // Pressed too early: nothing is lost, it goes on as soon as the sum is done.
    event.preventDefault();
    event.stopImmediatePropagation();
    waiting = true;
  };
  form.addEventListener('submit', hold, true);
  state.textContent = working;
  form.elements.solution.value = await solve(puzzle, Number(bits));
  state.textContent = ready;
  form.removeEventListener('submit', hold, true);
  if (waiting) form.requestSubmit();
}

/** The first number that makes the SHA-256 of `puzzle.number` begin with so many zero bits. */
async function solve(puzzle, bits) {
  const encoder = new TextEncoder();
  for (let from = 0; ; from += 512) {
    const tries = Array.from({ length: 512 }, async (_, index) => {
      const hash = await crypto.subtle.digest('SHA-256', encoder.encode(`${puzzle}.${from + index}`));
      return new DataView(hash).getUint32(0) >>> (32 - bits) === 0;
    });
    const found = (await Promise.all(tries)).indexOf(true);
    if (found >= 0) return String(from + found);
    await new Promise((resolve) => setTimeout(resolve));
  }
}
