// Says before somebody is signed out for want of a press (WCAG 2.2.1), and when it is over, with what is typed still there.
const box = document.querySelector('[data-idle]');
const windows = new BroadcastChannel('latchkey-console');
const { idle, soon, stay, over, again } = box.dataset;
const wholeMs = Number(idle) * 1000;
/** Time enough to read, and to press. */
const warningMs = Math.min(120_000, wholeMs / 2);
let pressed = Date.now();
let told = '';

// A press in any window is one in all of them.
windows.postMessage('pressed');
windows.addEventListener('message', begin);
// Looks now and then, as a timer stands still while the computer sleeps.
setInterval(look, 2000);

function begin() {
  pressed = Date.now();
  look();
}

function look() {
  const left = pressed + wholeMs - Date.now();
  show(left <= 0 ? over : left <= warningMs ? soon : '');
}

function show(text) {
  if (text === told) return;
  told = text;
  box.hidden = text === '';
  const line = Object.assign(document.createElement('p'), { textContent: text });
  box.replaceChildren(...(text === '' ? [] : [line, text === soon ? stayButton() : signInLink()]));
}

function stayButton() {
  const button = Object.assign(document.createElement('button'), { type: 'button', textContent: stay });
  button.addEventListener('click', async () => {
    // The start of the console; whoever is signed out is led from there to the sign-in.
    const { redirected } = await fetch('/').catch(() => ({ redirected: undefined }));
    if (redirected === true) pressed = Date.now() - wholeMs;
    if (redirected !== false) return look();
    windows.postMessage('pressed');
    begin();
  });
  return button;
}

function signInLink() {
  return Object.assign(document.createElement('a'), { href: '/', textContent: again });
}
